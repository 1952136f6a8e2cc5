// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Asks for cache lines before they are needed. Hints only: any address will do.

#include "rt/path/contract.hpp"

#include <cstddef>

namespace outboard::rt {

/// More than this at once would keep the CPU from what it waits for.
inline constexpr std::size_t prefetch_bytes_max = 16 * cache_line_bytes;

/// The lines are about to be written: they are taken from any other CPU that has them.
/// @rt wait-free, O(bytes)
inline void prefetch_for_write(const void* first, std::size_t size_bytes) noexcept OB_NONBLOCKING
{
    const auto* const bytes = static_cast<const std::byte*>(first);
    for (std::size_t offset = 0; offset < size_bytes; offset += cache_line_bytes) {
#if defined(__x86_64__)
        // The compiler's own makes a read of it, unless it may assume a CPU that has this. One that
        // has it not takes it for a nop.
        asm volatile("prefetchw %0" : : "m"(bytes[offset]));
#else
        __builtin_prefetch(bytes + offset, 1);
#endif
    }
}

/// The lines are about to be read.
/// @rt wait-free, O(bytes)
inline void prefetch_for_read(const void* first, std::size_t size_bytes) noexcept OB_NONBLOCKING
{
    const auto* const bytes = static_cast<const std::byte*>(first);
    for (std::size_t offset = 0; offset < size_bytes; offset += cache_line_bytes)
        __builtin_prefetch(bytes + offset, 0);
}

}  // namespace outboard::rt
