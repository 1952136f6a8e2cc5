// SPDX-License-Identifier: MIT
#pragma once

#include "sdk/cli/failure.hpp"

#include <string>
#include <vector>

namespace outboard::cli {

/// `outboard serve`: becomes the service, so it returns only for --help.
/// @throws Failure, outboard::Error
[[nodiscard]] ExitCode serve_command(const std::vector<std::string>& arguments);

}  // namespace outboard::cli
