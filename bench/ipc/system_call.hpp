// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Failed system calls as exceptions, and calls that a signal ended before they did anything.

#include <cerrno>
#include <system_error>

namespace outboard::bench::ipc {

[[noreturn]] inline void throw_errno(const char* operation)
{
    throw std::system_error{errno, std::generic_category(), operation};
}

/// @return `result`; throws where it is negative
template <typename Number>
Number checked(Number result, const char* operation)
{
    if (result < 0)
        throw_errno(operation);
    return result;
}

/// Repeats `call` while a signal interrupts it. @return what it gave, also where it failed
template <typename Call>
[[nodiscard]] auto uninterrupted(Call&& call)
{
    for (;;) {
        const auto result = call();
        if (result >= 0 || errno != EINTR)
            return result;
    }
}

}  // namespace outboard::bench::ipc
