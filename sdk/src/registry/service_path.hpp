// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Where the executables of services lie.

#include "rt/control/result.hpp"

#include <string>
#include <string_view>

namespace outboard::registry {

/// Executable that serves the built-in processors.
inline constexpr std::string_view builtin_executable_name = "outboard-builtin";

/// Looks for the service of the built-in processors: in `service_directory` and nowhere else where
/// it is given, else in OUTBOARD_SERVICE_DIR likewise, else around the running executable (as
/// installed, or in a build tree), else where this library was installed.
/// @param service_directory  may be null
/// @return not_found when it is in none of them
[[nodiscard]] rt::Result<std::string> find_builtin_executable(const char* service_directory);

/// The executable that `service` names: a path (with a '/'), or else a built-in processor.
/// @return not_found, invalid_argument for an empty name or one that starts with '@'
[[nodiscard]] rt::Result<std::string> find_executable(std::string_view service,
                                                      const char* service_directory);

}  // namespace outboard::registry
