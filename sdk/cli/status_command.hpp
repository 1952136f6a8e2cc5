// SPDX-License-Identifier: MIT
#pragma once

#include "sdk/cli/failure.hpp"

#include <string>
#include <vector>

namespace outboard::cli {

/// `outboard status`: all hosts at this moment. @throws Failure, outboard::Error
[[nodiscard]] ExitCode status_command(const std::vector<std::string>& arguments);

}  // namespace outboard::cli
