// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The part of the page that looks at each strike closely: how long the blocks around it took, and
/// what was heard.

#include "sdk/cli/run_result.hpp"

#include <string>

namespace outboard::cli {

/// The service that was lost by a strike; null when none was.
/// @param fault_index  in result.faults
[[nodiscard]] const Failover* failover_of(const RunResult& result,
                                          std::size_t fault_index) noexcept;

/// A card for each strike, or nothing without any.
[[nodiscard]] std::string close_ups_html(const RunResult& result);

}  // namespace outboard::cli
