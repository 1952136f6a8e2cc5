// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What the system offers to take rights away from a process.

#include "rt/control/result.hpp"

namespace outboard::rt::os {

/// The version of Landlock's interface that the kernel speaks, 1 or more. Changes nothing.
/// @return unsupported where the kernel was built or booted without it
[[nodiscard]] Result<int> landlock_version() noexcept;

}  // namespace outboard::rt::os
