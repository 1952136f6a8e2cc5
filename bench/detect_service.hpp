// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The service that bench/detect_bench.cpp kills: the same program, started by the library.

namespace outboard::bench {

/// Of the environment: how many MiB the processor has in memory.
inline constexpr const char* resident_variable = "OUTBOARD_BENCH_RESIDENT_MIB";

/// The process whose number this parameter has stays inside its next block until it is killed.
inline constexpr unsigned int victim_parameter = 1;

[[nodiscard]] bool is_started_as_service() noexcept;
[[nodiscard]] int run_service(int argc, char** argv) noexcept;

}  // namespace outboard::bench
