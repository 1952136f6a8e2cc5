// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What all sub-commands do alike with their arguments.

#include <CLI/App.hpp>

#include <string>
#include <vector>

namespace outboard::cli {

/// Lets CLI11 parse `arguments` (those behind the sub-command's name).
/// @return false when --help was asked for, which has then been printed
/// @throws Failure (usage)
[[nodiscard]] bool parse_arguments(CLI::App& app, const std::vector<std::string>& arguments);

}  // namespace outboard::cli
