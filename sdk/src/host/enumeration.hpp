// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Enumerations that come from a C program, which may have put any number there: in C++ a look at
/// one that is none of its values is undefined.

#include <cstdint>
#include <cstring>

namespace outboard::host {

template <typename Enumeration>
[[nodiscard]] std::uint64_t number_of(const Enumeration& enumeration)
{
    std::uint32_t number = 0;
    static_assert(sizeof(number) == sizeof(enumeration));
    std::memcpy(&number, &enumeration, sizeof(number));
    return number;
}

}  // namespace outboard::host
