// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The report of a run as JSON; docs/run-report.schema.json describes it.

#include "sdk/cli/run_result.hpp"

#include <string>

namespace outboard::cli {

constexpr const char* report_schema = "outboard-run-report";

/// Raised when a key changes its meaning or goes; new keys may come at any time.
constexpr int report_version = 1;

/// Indented by two, with a line end.
[[nodiscard]] std::string report_text(const RunResult& result);

}  // namespace outboard::cli
