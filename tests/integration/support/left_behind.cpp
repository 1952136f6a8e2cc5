// SPDX-License-Identifier: MIT

#include "tests/integration/support/left_behind.hpp"

#include <unistd.h>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <system_error>
#include <thread>

namespace outboard::test {

namespace {

constexpr const char* mark_variable = "OUTBOARD_TEST_MARK";

[[nodiscard]] std::string contents_of(const std::filesystem::path& path)
{
    std::ifstream file{path, std::ios::binary};
    std::ostringstream contents;
    contents << file.rdbuf();
    return contents.str();
}

[[nodiscard]] std::size_t count_in(const std::string& directory)
{
    return names_in(directory).size();
}

}  // namespace

ProcessMark::ProcessMark()
{
    std::random_device random;
    const std::string value = std::to_string(::getpid()) + "-" + std::to_string(random());
    // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread runs yet
    ::setenv(mark_variable, value.c_str(), 1);
    mark_ = std::string{mark_variable} + "=" + value;
}

std::vector<std::int32_t> ProcessMark::carriers() const
{
    std::vector<std::int32_t> found;
    for (const std::string& name : names_in("/proc")) {
        if (name.find_first_not_of("0123456789") != std::string::npos)
            continue;
        const std::int32_t process_id = std::stoi(name);
        if (process_id != ::getpid() &&
            contents_of("/proc/" + name + "/environ").find(mark_) != std::string::npos)
            found.push_back(process_id);
    }
    return found;
}

std::vector<std::int32_t> ProcessMark::wait_until_gone(std::chrono::milliseconds limit) const
{
    const auto give_up = std::chrono::steady_clock::now() + limit;
    auto left = carriers();
    while (!left.empty() && std::chrono::steady_clock::now() < give_up) {
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
        left = carriers();
    }
    return left;
}

std::vector<std::string> names_in(const std::string& directory)
{
    std::vector<std::string> names;
    std::error_code error;
    for (std::filesystem::directory_iterator entry{directory, error}, end; !error && entry != end;
         entry.increment(error))
        names.push_back(entry->path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

std::vector<std::string> orphaned_shared_memory(const std::vector<std::string>& before)
{
    std::string all_maps;
    for (const std::string& process : names_in("/proc")) {
        if (process.find_first_not_of("0123456789") == std::string::npos)
            all_maps += contents_of("/proc/" + process + "/maps");
    }
    std::vector<std::string> orphans;
    for (const std::string& name : names_in("/dev/shm")) {
        if (!std::binary_search(before.begin(), before.end(), name) &&
            all_maps.find("/dev/shm/" + name + "\n") == std::string::npos)
            orphans.push_back(name);
    }
    return orphans;
}

Holdings holdings_now()
{
    std::istringstream maps{contents_of("/proc/self/maps")};
    Holdings holdings{};
    for (std::string line; std::getline(maps, line);)
        holdings.shared_mappings += line.find("memfd:") != std::string::npos ? 1 : 0;
    holdings.handles = count_in("/proc/self/fd");
    holdings.threads = count_in("/proc/self/task");
    return holdings;
}

}  // namespace outboard::test
