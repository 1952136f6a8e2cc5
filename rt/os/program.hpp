// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The program that this process runs: where it lies, what it inherited, and becoming another one.

#include "rt/control/result.hpp"
#include "rt/os/handle.hpp"

#include <cstdint>
#include <string>

namespace outboard::rt::os {

/// Absolute path of the running executable.
[[nodiscard]] Result<std::string> executable_path() noexcept;

/// The user whose rights this process has.
[[nodiscard]] std::uint32_t current_user_id() noexcept;

[[nodiscard]] bool is_executable_file(const std::string& path) noexcept;

/// Becomes the owner of a handle that the parent left open for us; from now on our own children do
/// not inherit it.
/// @return not_found when there is none of that number
[[nodiscard]] Result<UniqueHandle> take_inherited_handle(int number) noexcept;

/// Runs `executable` in place of this process. Returns only when that failed.
/// @param arguments  ends with a null pointer; the first is the name of the program
[[nodiscard]] Error replace_process(const std::string& executable, char* const* arguments) noexcept;

}  // namespace outboard::rt::os
