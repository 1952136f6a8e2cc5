// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Commands that are programs of their own: `outboard NAME` runs `outboard-NAME`, as git does.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outboard::cli {

/// Where `outboard-NAME` lies: beside this program, in the place of a build tree, or in a folder of
/// `search_path` (as PATH; relative ones are left out). Nothing for a name that is none (a-z, 0-9
/// and -), or that no program has.
[[nodiscard]] std::optional<std::string> find_external_command(std::string_view name,
                                                               const std::string& program,
                                                               std::string_view search_path);

/// Runs `outboard-NAME` in place of this process, which ends with its exit code.
/// @return only when there is no such program
/// @throws outboard::Error when it cannot be run
void run_external_command(const std::string& name, const std::vector<std::string>& arguments);

}  // namespace outboard::cli
