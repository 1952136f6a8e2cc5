// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What a report says about the machine. Read from the text files in which Linux describes itself;
/// where they are missing, less is known and nothing fails.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace outboard::cli {

struct Machine {
    std::string cpu_model = "unknown";
    std::string kernel = "unknown";
    std::uint32_t cpu_count = 1;
    bool is_virtual = false;
};

[[nodiscard]] Machine describe_machine();

/// Model and virtualisation out of the text of /proc/cpuinfo.
void read_cpu_info(std::string_view text, Machine& machine);

/// The last CPU of a list such as "0-3,8". Interrupts mostly go to the first ones.
[[nodiscard]] std::optional<std::int32_t> last_cpu_of(std::string_view cpu_list) noexcept;

/// The last CPU on which this process may run.
[[nodiscard]] std::optional<std::int32_t> last_allowed_cpu();

}  // namespace outboard::cli
