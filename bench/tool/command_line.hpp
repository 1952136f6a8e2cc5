// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What the sub-commands have in common when they read their arguments.

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace outboard::bench {

/// @return false when help was asked for, and is printed
/// @throws Failure when the arguments are wrong
[[nodiscard]] bool parse_arguments(CLI::App& app, std::vector<std::string> arguments);

}  // namespace outboard::bench
