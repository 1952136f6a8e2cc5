// SPDX-License-Identifier: MIT
#pragma once

#include "sdk/cli/failure.hpp"

#include <string>
#include <vector>

namespace outboard::cli {

/// `outboard metrics`: an endpoint for Prometheus. @throws Failure, outboard::Error
[[nodiscard]] ExitCode metrics_command(const std::vector<std::string>& arguments);

}  // namespace outboard::cli
