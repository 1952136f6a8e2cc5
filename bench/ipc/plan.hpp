// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What is to be measured, from the command line.

#include "bench/options.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace outboard::bench::ipc {

inline constexpr std::size_t message_bytes_max = 1 << 20;

struct Plan {
    bool is_quick = false;
    bool shares_cpu = false;              ///< both sides on one CPU
    std::vector<std::size_t> sizes;       ///< bytes of a message
    std::vector<std::string> mechanisms;  ///< by name, in the order of the table
    std::size_t round_count = 40;
    std::uint64_t chunk_ns = 20'000'000;  ///< about, of each kind
    std::string json_path;                ///< empty: none
    std::string csv_path;                 ///< empty: none
    std::string command_line;
};

/// @return what `main` exits with instead, after a mistake or --help
[[nodiscard]] std::optional<ExitCode> parse_plan(int argc, char** argv, Plan& plan);

/// How long the plan takes, in seconds, if every mechanism carries every size.
[[nodiscard]] double expected_seconds(const Plan& plan) noexcept;

/// Between chunks. Real-time threads that never pause are throttled by the kernel, for 50 ms in
/// every second.
inline constexpr std::uint64_t pause_ns = 3'000'000;

}  // namespace outboard::bench::ipc
