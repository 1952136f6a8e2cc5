// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What a child does between clone() and execve(), while it shares the parent's memory.

#include <cstdint>

namespace outboard::rt::os {

/// Made by the parent, which sleeps until the child has executed its program or has ended; so the
/// child may also write to it.
struct ExecPlan {
    const char* executable = nullptr;
    char* const* arguments = nullptr;
    char* const* environment = nullptr;
    int inherited_handle = -1;
    int error_output_handle = -1;
    std::int32_t parent = -1;

    const char* failed_operation = nullptr;  ///< set by the child when it fails
    int sys_errno = 0;
};

/// Entry of the child; `plan` is an ExecPlan. Returns only when something failed.
int exec_child(void* plan) noexcept;

}  // namespace outboard::rt::os
