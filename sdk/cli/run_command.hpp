// SPDX-License-Identifier: MIT
#pragma once

#include "sdk/cli/failure.hpp"

#include <string>
#include <vector>

namespace outboard::cli {

/// `outboard run`. @throws Failure, outboard::Error
[[nodiscard]] ExitCode run_command(const std::vector<std::string>& arguments);

}  // namespace outboard::cli
