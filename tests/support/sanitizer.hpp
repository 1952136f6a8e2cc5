// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Whether this is built with a sanitizer, whose run-time library takes its own time and makes its
/// own system calls.

namespace outboard::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool has_sanitizer = true;
#elif defined(__has_feature)
#  if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool has_sanitizer = true;
#  else
inline constexpr bool has_sanitizer = false;
#  endif
#else
inline constexpr bool has_sanitizer = false;
#endif

}  // namespace outboard::test
