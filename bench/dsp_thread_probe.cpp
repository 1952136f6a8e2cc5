// SPDX-License-Identifier: MIT

#include "bench/dsp_thread_probe.hpp"

#include <filesystem>
#include <fstream>
#include <string>

namespace outboard::bench {

namespace {

[[nodiscard]] std::string task_folder(std::int32_t process_id)
{
    return "/proc/" + std::to_string(process_id) + "/task";
}

}  // namespace

std::int32_t dsp_thread_of(std::int32_t process_id)
{
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator{task_folder(process_id), error}) {
        std::string name;
        std::ifstream{entry.path() / "comm"} >> name;
        if (name == "ob-dsp")
            return std::stoi(entry.path().filename());
    }
    return 0;
}

ThreadUse thread_use(std::int32_t process_id, std::int32_t thread_id)
{
    const std::string folder = task_folder(process_id) + "/" + std::to_string(thread_id);
    ThreadUse use;
    std::ifstream{folder + "/schedstat"} >> use.cpu_ns;
    std::ifstream status{folder + "/status"};
    for (std::string key; status >> key;) {
        if (key == "voluntary_ctxt_switches:") {
            status >> use.sleeps;
            break;
        }
    }
    return use;
}

std::uint64_t process_cpu_ns(std::int32_t process_id)
{
    std::uint64_t total_ns = 0;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator{task_folder(process_id), error}) {
        std::uint64_t cpu_ns = 0;
        std::ifstream{entry.path() / "schedstat"} >> cpu_ns;
        total_ns += cpu_ns;
    }
    return total_ns;
}

}  // namespace outboard::bench
