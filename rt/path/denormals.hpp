// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Denormal numbers off: a decaying filter must not become a hundred times slower.

#include "rt/path/contract.hpp"

#include <cstdint>
#if defined(__SSE__)
#  include <xmmintrin.h>
#endif

namespace outboard::rt {

/// Flushes denormal results to zero and reads denormal inputs as zero, on this thread.
/// @return whether this CPU can (x86 with SSE, AArch64)
/// @rt     wait-free
inline bool disable_denormals() noexcept OB_NONBLOCKING
{
#if defined(__SSE__)
    constexpr std::uint32_t flush_to_zero = 1u << 15;
    constexpr std::uint32_t denormals_are_zero = 1u << 6;
    _mm_setcsr(_mm_getcsr() | flush_to_zero | denormals_are_zero);
    return true;
#elif defined(__aarch64__)
    std::uint64_t control = 0;
    asm volatile("mrs %0, fpcr" : "=r"(control));
    control |= std::uint64_t{1} << 24;
    asm volatile("msr fpcr, %0" : : "r"(control));
    return true;
#else
    return false;
#endif
}

}  // namespace outboard::rt
