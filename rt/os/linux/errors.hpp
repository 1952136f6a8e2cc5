// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// errno as an Error: one table for all system calls. Callers map what means something special to
/// them first.

#include "rt/control/result.hpp"

#include <cerrno>

namespace outboard::rt::os {

[[nodiscard]] inline ErrorCode error_code_of(int sys_errno) noexcept
{
    switch (sys_errno) {
        case EINVAL:
        case ENAMETOOLONG:
        case EMSGSIZE:
        case ENOEXEC: return ErrorCode::invalid_argument;
        case ENOMEM:
        case ENOSPC:
        case ENOBUFS:
        case EMFILE:
        case ENFILE: return ErrorCode::no_memory;
        case EPERM:
        case EACCES: return ErrorCode::no_permission;
        case ENOENT:
        case ENOTDIR:
        case ESRCH:
        case ECONNREFUSED: return ErrorCode::not_found;
        case EEXIST:
        case EADDRINUSE: return ErrorCode::already_exists;
        case EAGAIN:
        case ETIMEDOUT: return ErrorCode::timed_out;
        case EPIPE:
        case ECONNRESET:
        case ENOTCONN: return ErrorCode::disconnected;
        case ENOSYS:
        case EOPNOTSUPP: return ErrorCode::unsupported;
        default: return ErrorCode::system;
    }
}

[[nodiscard]] inline tl::unexpected<Error> system_error(const char* operation,
                                                        int sys_errno) noexcept
{
    return tl::unexpected(Error{error_code_of(sys_errno), sys_errno, operation});
}

/// For the system call that has just failed.
[[nodiscard]] inline tl::unexpected<Error> system_error(const char* operation) noexcept
{
    return system_error(operation, errno);
}

}  // namespace outboard::rt::os
