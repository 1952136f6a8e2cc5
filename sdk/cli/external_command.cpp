// SPDX-License-Identifier: MIT
#include "sdk/cli/external_command.hpp"

#include <outboard/service.h>
#include <outboard/host.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace outboard::cli {

namespace {

namespace fs = std::filesystem;

[[nodiscard]] bool is_command_name(std::string_view name) noexcept
{
    return !name.empty() && name.front() != '-' &&
           std::all_of(name.begin(), name.end(), [](char letter) {
               return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') ||
                      letter == '-';
           });
}

[[nodiscard]] bool is_program(const fs::path& path)
{
    constexpr auto may_run = fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec;
    std::error_code failure;
    const fs::file_status status = fs::status(path, failure);
    return !failure && status.type() == fs::file_type::regular &&
           (status.permissions() & may_run) != fs::perms::none;
}

/// Beside `program`; and where a build tree has what the folders bench/ and plugins/ make.
[[nodiscard]] std::vector<fs::path> candidates(const std::string& file, const std::string& program,
                                               std::string_view search_path)
{
    std::vector<fs::path> paths;
    if (!program.empty()) {
        const fs::path here = fs::path{program}.parent_path();
        for (const char* const folder : {"", "../../bench/doctor", "../../bench", "../../plugins"})
            paths.push_back(here / folder / file);
    }
    while (!search_path.empty()) {
        const auto end = std::min(search_path.find(':'), search_path.size());
        const fs::path folder{search_path.substr(0, end)};
        if (folder.is_absolute())
            paths.push_back(folder / file);
        search_path.remove_prefix(std::min(end + 1, search_path.size()));
    }
    return paths;
}

}  // namespace

std::optional<std::string> find_external_command(std::string_view name, const std::string& program,
                                                 std::string_view search_path)
{
    if (!is_command_name(name))
        return std::nullopt;
    for (const fs::path& path : candidates("outboard-" + std::string{name}, program, search_path)) {
        if (is_program(path))
            return path.string();
    }
    return std::nullopt;
}

void run_external_command(const std::string& name, const std::vector<std::string>& arguments)
{
    std::error_code ignored;
    const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment while we run
    const char* const search_path = std::getenv("PATH");
    auto executable =
        find_external_command(name, program.string(), search_path != nullptr ? search_path : "");
    if (!executable)
        return;
    std::string own_name = "outboard-" + name;
    std::vector<std::string> words{arguments};
    std::vector<char*> pointers{own_name.data()};
    for (std::string& word : words)
        pointers.push_back(word.data());
    pointers.push_back(nullptr);
    // It runs any executable of a path, not only those of services.
    check(ob_service_exec(executable->c_str(), pointers.data()));
}

}  // namespace outboard::cli
