// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What report and summary say about the devices of a run.

#include "sdk/cli/run_result.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace outboard::cli {

/// null for a run without a device.
[[nodiscard]] nlohmann::ordered_json device_account_json(const RunResult& result);

/// Lines of the summary; empty for a run without a device.
[[nodiscard]] std::string device_text(const RunResult& result);

}  // namespace outboard::cli
