// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Waiting on 32-bit words, across processes: the only system calls of the real-time path.

#include "rt/path/contract.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace outboard::rt::os {

/// Who may wait on a word: only threads of this process (cheaper), or those of any.
enum class FutexScope : std::uint8_t { this_process, shared };

/// One word to wait on. The wait ends at once when `*word != expected`.
struct FutexWait {
    const std::atomic<std::uint32_t>* word;
    std::uint32_t expected;
    FutexScope scope;
};

enum class WaitOutcome : std::uint8_t {
    woken,        ///< some word was rung, or a spurious wake: look again
    changed,      ///< a word differed from its expected value: look again
    timed_out,    ///< the deadline has passed
    unavailable,  ///< the kernel lacks the call: see can_wait_on_many()
};

/// Deadline that never comes.
inline constexpr std::uint64_t no_deadline_ns = ~std::uint64_t{0};

/// Most words futex_wait_any() takes (the kernel's FUTEX_WAITV_MAX is 128).
inline constexpr std::size_t futex_wait_max = 40;

/// Whether futex_wait_any() works here (Linux 5.16 and later). Probed once;
/// OUTBOARD_NO_FUTEX_WAITV=1 in the environment says no, which is how tests force the other path.
/// @rt no: the first call reads the environment. Call it once at start-up.
[[nodiscard]] bool can_wait_on_many() noexcept;

/// Sleeps until one of `words` is rung or `deadline_ns` (monotonic_ns() clock) has passed.
/// @pre words.size() is in 1 .. futex_wait_max
/// @rt  blocks until the deadline at most; one system call (Linux: futex_waitv)
[[nodiscard]] WaitOutcome futex_wait_any(std::span<const FutexWait> words,
                                         std::uint64_t deadline_ns) noexcept;

/// As futex_wait_any() for one word, on every kernel (Linux: FUTEX_WAIT_BITSET).
[[nodiscard]] WaitOutcome futex_wait(const FutexWait& word, std::uint64_t deadline_ns) noexcept;

/// Wakes up to `waiter_count` threads that wait on `word`.
/// @rt one system call, does not block
void futex_wake(const std::atomic<std::uint32_t>& word, FutexScope scope,
                int waiter_count = 1) noexcept;

}  // namespace outboard::rt::os
