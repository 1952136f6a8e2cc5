// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Marks that every real-time function carries, and the assertion for our own bugs.

#include <cstddef>
#include <cstdlib>

/// The function neither blocks nor allocates. Checked by RealtimeSanitizer where the compiler has
/// it (clang 20); checked everywhere by the symbol audit and the no-allocation tests.
#if defined(__clang__) && __clang_major__ >= 20
#  define OB_NONBLOCKING [[clang::nonblocking]]
#else
#  define OB_NONBLOCKING
#endif

/// Our own bugs only, never what another process wrote. Stays on in release builds.
#define OB_ASSERT(condition)       \
  do {                             \
    if (!(condition)) [[unlikely]] \
      std::abort();                \
  } while (false)

namespace outboard::rt {

/// Part of the wire layout, so a literal: both processes agree on it whatever their -mtune.
inline constexpr std::size_t cache_line_bytes = 64;

}  // namespace outboard::rt
