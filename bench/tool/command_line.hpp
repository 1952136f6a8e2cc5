// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What the sub-commands have in common when they read their arguments.

#include "bench/tool/output.hpp"

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace outboard::bench {

/// @return false when help was asked for, and is printed
/// @throws Failure when the arguments are wrong
[[nodiscard]] bool parse_arguments(CLI::App& app, std::vector<std::string> arguments);

/// --json, --csv, --html.
void add_outputs(CLI::App& app, Outputs& outputs);

/// Values with commas between them.
template <typename T>
CLI::Option* add_list(CLI::App& app, const char* name, std::vector<T>& list, const char* text)
{
    return app.add_option(name, list, text)->delimiter(',')->type_name("LIST");
}

}  // namespace outboard::bench
