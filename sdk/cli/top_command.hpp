// SPDX-License-Identifier: MIT
#pragma once

#include "sdk/cli/failure.hpp"

#include <string>
#include <vector>

namespace outboard::cli {

/// `outboard top`: all hosts, again and again. @throws Failure, outboard::Error
[[nodiscard]] ExitCode top_command(const std::vector<std::string>& arguments);

}  // namespace outboard::cli
