// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The sub-commands of `outboard bench`.

#include "bench/tool/failure.hpp"

#include <string>
#include <vector>

namespace outboard::bench {

/// @param arguments  behind the command's name
/// @param command_line  the whole of it, for the result
/// @throws Failure
[[nodiscard]] Exit hop_command(std::vector<std::string> arguments, const std::string& command_line);
[[nodiscard]] Exit failover_command(std::vector<std::string> arguments,
                                    const std::string& command_line);
[[nodiscard]] Exit scale_command(std::vector<std::string> arguments,
                                 const std::string& command_line);
[[nodiscard]] Exit compare_command(std::vector<std::string> arguments);
[[nodiscard]] Exit report_command(std::vector<std::string> arguments);

}  // namespace outboard::bench
