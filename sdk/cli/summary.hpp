// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A run in a few lines, for people.

#include "sdk/cli/run_result.hpp"

#include <string>

namespace outboard::cli {

/// With a line end.
[[nodiscard]] std::string summary_text(const RunResult& result);

/// "8.1 us", "1.2 ms", "2.5 s": three digits that matter.
[[nodiscard]] std::string short_time(double time_ns);

/// "reverb", or "eq > reverb".
[[nodiscard]] std::string chain_text(const RunResult& result);

/// Frames that the fallback filled, as time.
[[nodiscard]] double dry_seconds(const RunResult& result) noexcept;

}  // namespace outboard::cli
