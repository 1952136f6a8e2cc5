// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Shows that a thread calls the system for nothing but futex: a seccomp filter on that thread
/// alone traps everything else, and a handler counts. There is no way back: the thread cannot even
/// end, so that its process has to.

#include <cstdint>

namespace outboard::test {

/// From here on, every system call of the calling thread but futex, futex_waitv and the return from
/// a signal handler fails with ENOSYS and is counted. Ends the process when that is not possible.
void allow_only_futex_on_this_thread() noexcept;

/// Calls that were trapped, on all threads of the process.
[[nodiscard]] std::uint64_t trapped_system_calls() noexcept;

}  // namespace outboard::test
