// SPDX-License-Identifier: MIT
#include "sdk/cli/machine.hpp"

#include "sdk/cli/duration.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <thread>

namespace outboard::cli {

namespace {

std::string read_text(const char* path)
{
    std::ifstream file{path};
    return {std::istreambuf_iterator<char>{file}, {}};
}

/// What follows `key` and a colon on the first line that starts with it.
std::string_view value_of(std::string_view text, std::string_view key)
{
    constexpr std::string_view blanks = " \t\n";
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        if (!line.starts_with(key) || line.find(':') == std::string_view::npos)
            continue;
        const std::string_view value = line.substr(line.find(':') + 1);
        const auto first = value.find_first_not_of(blanks);
        if (first == std::string_view::npos)
            return {};
        return value.substr(first, value.find_last_not_of(blanks) - first + 1);
    }
    return {};
}

}  // namespace

void read_cpu_info(std::string_view text, Machine& machine)
{
    if (const auto model = value_of(text, "model name"); !model.empty())
        machine.cpu_model = std::string{model};
    const std::string flags = " " + std::string{value_of(text, "flags")} + " ";
    machine.is_virtual = flags.find(" hypervisor ") != std::string::npos;
}

Machine describe_machine()
{
    Machine machine;
    read_cpu_info(read_text("/proc/cpuinfo"), machine);
    std::string kernel = read_text("/proc/sys/kernel/osrelease");
    kernel.erase(std::find(kernel.begin(), kernel.end(), '\n'), kernel.end());
    if (!kernel.empty())
        machine.kernel = kernel;
    machine.cpu_count = std::max(1U, std::thread::hardware_concurrency());
    return machine;
}

std::optional<std::int32_t> last_cpu_of(std::string_view cpu_list) noexcept
{
    const auto border = cpu_list.find_last_of(",-");
    const auto cpu =
        parse_count(border == std::string_view::npos ? cpu_list : cpu_list.substr(border + 1));
    return cpu ? std::optional{static_cast<std::int32_t>(*cpu)} : std::nullopt;
}

std::optional<std::int32_t> last_allowed_cpu()
{
    const std::string status = read_text("/proc/self/status");
    return last_cpu_of(value_of(status, "Cpus_allowed_list"));
}

}  // namespace outboard::cli
