// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The one result type of the control path. `*r` after a check; never `r.value()`, which throws.

#include <cstdint>
#include <tl/expected.hpp>

namespace outboard::rt {

enum class ErrorCode : std::uint8_t {
    invalid_argument,
    no_memory,
    no_permission,
    not_found,
    already_exists,
    timed_out,
    disconnected,  ///< the other process has gone
    protocol,      ///< the other process broke the rules
    unsupported,   ///< this system lacks something; `operation` names it
    system,
};

/// Small, trivially copyable, owns nothing: cheap to return and safe to log from anywhere.
struct Error {
    ErrorCode code = ErrorCode::system;
    int sys_errno = 0;           ///< 0 when no system call failed
    const char* operation = "";  ///< string literal naming what was attempted
};

template <typename T>
using Result = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> fail(ErrorCode code, const char* operation) noexcept
{
    return tl::unexpected(Error{code, 0, operation});
}

}  // namespace outboard::rt
