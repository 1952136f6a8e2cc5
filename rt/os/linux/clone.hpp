// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What children need that run in the memory of their parent. They have the parent's thread-local
/// storage as well, so they make system calls only.

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <csignal>
#include <cstdint>

#if defined(__GLIBC__)
// clone() by the name that ThreadSanitizer does not replace: its version takes the child for a
// forked one and, as the memory is shared, marks the parent as such. A host may be built with it.
// NOLINTNEXTLINE(bugprone-reserved-identifier,readability-identifier-naming): the library's name
extern "C" int __clone(int (*entry)(void*), void* stack, int flags, void* argument, ...) noexcept;
#  define OB_CLONE ::__clone
#else
#  define OB_CLONE ::clone
#endif

/// For what runs on a stack that the sanitizers do not know.
#define OB_NOT_INSTRUMENTED __attribute__((no_sanitize("address", "thread", "undefined")))

namespace outboard::rt::os {

/// The kernel's signal set: one bit for each of the 64 signals.
using SignalMask = std::uint64_t;

/// Blocks every signal of the calling thread, those of the C library included: a handler must not
/// run in a child that shares its parent's memory.
class AllSignalsBlocked {
public:
    AllSignalsBlocked() noexcept
    {
        const SignalMask all = ~SignalMask{0};
        ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before_, sizeof before_);
    }
    ~AllSignalsBlocked()
    {
        ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before_, nullptr, sizeof before_);
    }
    AllSignalsBlocked(const AllSignalsBlocked&) = delete;
    AllSignalsBlocked(AllSignalsBlocked&&) = delete;
    AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;
    AllSignalsBlocked& operator=(AllSignalsBlocked&&) = delete;

private:
    SignalMask before_ = 0;
};

}  // namespace outboard::rt::os
