// SPDX-License-Identifier: MIT
//
// The only file of the real-time archive that may make system calls; the symbol audit holds it to
// that. glibc has no wrappers for these.

#include "rt/os/futex.hpp"

#include "rt/os/linux/time_spec.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace outboard::rt::os {

static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t));
static_assert(std::atomic<std::uint32_t>::is_always_lock_free, "the kernel compares the bare word");
static_assert(futex_wait_max <= FUTEX_WAITV_MAX);

namespace {

enum class Probe : std::uint8_t { not_yet, available, missing };

/// Written with the same value by whoever probes, so threads may race for it.
std::atomic<Probe> wait_on_many{Probe::not_yet};

[[nodiscard]] Probe probe_wait_on_many() noexcept
{
    // NOLINTNEXTLINE(concurrency-mt-unsafe): documented; called at start-up
    const char* const forced = std::getenv("OUTBOARD_NO_FUTEX_WAITV");
    if (forced != nullptr && std::strcmp(forced, "1") == 0)
        return Probe::missing;
    // No words at all is an invalid argument to a kernel that knows the call. One that does not
    // says ENOSYS, and some sandboxes EPERM.
    const long result = ::syscall(SYS_futex_waitv, nullptr, 0, 0, nullptr, CLOCK_MONOTONIC);
    return result == -1 && errno == EINVAL ? Probe::available : Probe::missing;
}

[[nodiscard]] WaitOutcome outcome_of_failure(int sys_errno) noexcept
{
    // These two mean that the word is not mapped or not aligned: our own bug.
    OB_ASSERT(sys_errno != EFAULT && sys_errno != EINVAL);
    switch (sys_errno) {
        case EAGAIN: return WaitOutcome::changed;
        case ETIMEDOUT: return WaitOutcome::timed_out;
        case ENOSYS: return WaitOutcome::unavailable;
        default: return WaitOutcome::woken;  // EINTR and the like: look again
    }
}

/// Null, the kernel's "for ever", or `storage` filled in.
[[nodiscard]] const timespec* timeout_of(std::uint64_t deadline_ns, timespec& storage) noexcept
{
    if (deadline_ns == no_deadline_ns)
        return nullptr;
    storage = to_timespec(deadline_ns);
    return &storage;
}

[[nodiscard]] int private_flag(FutexScope scope) noexcept
{
    return scope == FutexScope::this_process ? FUTEX_PRIVATE_FLAG : 0;
}

}  // namespace

bool can_wait_on_many() noexcept
{
    // relaxed, here and below: the value stands alone, nothing is published with it.
    Probe probe = wait_on_many.load(std::memory_order_relaxed);
    if (probe == Probe::not_yet) {
        probe = probe_wait_on_many();
        wait_on_many.store(probe, std::memory_order_relaxed);
    }
    return probe == Probe::available;
}

WaitOutcome futex_wait_any(std::span<const FutexWait> words, std::uint64_t deadline_ns) noexcept
{
    OB_ASSERT(!words.empty() && words.size() <= futex_wait_max);
    if (!can_wait_on_many())
        return WaitOutcome::unavailable;

    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): filled below, as far as it is read
    std::array<futex_waitv, futex_wait_max> waiters;
    for (std::size_t i = 0; i < words.size(); ++i) {
        waiters[i] = {.val = words[i].expected,
                      .uaddr = reinterpret_cast<std::uintptr_t>(words[i].word),
                      .flags = static_cast<std::uint32_t>(FUTEX_32 | private_flag(words[i].scope)),
                      .__reserved = 0};
    }
    timespec storage{};
    const long result = ::syscall(SYS_futex_waitv, waiters.data(), words.size(), 0,
                                  timeout_of(deadline_ns, storage), CLOCK_MONOTONIC);
    return result >= 0 ? WaitOutcome::woken : outcome_of_failure(errno);
}

WaitOutcome futex_wait(const FutexWait& word, std::uint64_t deadline_ns) noexcept
{
    timespec storage{};
    // The BITSET form, because its timeout is an absolute time on CLOCK_MONOTONIC.
    const long result =
        ::syscall(SYS_futex, word.word, FUTEX_WAIT_BITSET | private_flag(word.scope), word.expected,
                  timeout_of(deadline_ns, storage), nullptr, FUTEX_BITSET_MATCH_ANY);
    return result == 0 ? WaitOutcome::woken : outcome_of_failure(errno);
}

void futex_wake(const std::atomic<std::uint32_t>& word, FutexScope scope, int waiter_count) noexcept
{
    ::syscall(SYS_futex, &word, FUTEX_WAKE | private_flag(scope), waiter_count);
}

}  // namespace outboard::rt::os
