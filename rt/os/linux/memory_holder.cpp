// SPDX-License-Identifier: MIT
//
// The holder runs on a stack of its own in the memory of its parent and with the parent's
// thread-local storage, errno included. So the parent waits until it has set itself up; from then
// on it makes one system call, which does not fail.

#include "rt/os/memory_holder.hpp"

#include "rt/os/clock.hpp"
#include "rt/os/futex.hpp"
#include "rt/os/handle.hpp"
#include "rt/os/linux/clone.hpp"
#include "rt/os/linux/cpu_mask.hpp"
#include "rt/os/linux/errors.hpp"

#include <linux/futex.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>

namespace outboard::rt::os {
namespace {

constexpr std::size_t stack_bytes = std::size_t{32} * 1024;
constexpr std::uint64_t set_up_limit_ns = 1'000'000'000;
constexpr int handle_in_holder = 0;

/// At the lower end of the holder's stack.
struct Plan {
    int process_handle;
    std::atomic<std::uint32_t> is_set_up{0};
};

/// Ordinary, and free to run on any CPU: the parent may be pinned or real-time, started by hand.
OB_NOT_INSTRUMENTED void become_ordinary() noexcept
{
    const sched_param parameters{};
    ::syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &parameters);
    ::syscall(SYS_setpriority, PRIO_PROCESS, 0, 0);
    CpuMask all;
    unsigned long* const words = all.data();
    for (std::size_t i = 0; i < CpuMask::size_bytes() / sizeof(unsigned long); ++i)
        words[i] = ~0UL;
    ::syscall(SYS_sched_setaffinity, 0, CpuMask::size_bytes(), words);
}

/// Everything but the handle of the parent, so that whatever the parent closes is closed.
OB_NOT_INSTRUMENTED void close_handles(int process_handle) noexcept
{
    if (process_handle != handle_in_holder)
        ::syscall(SYS_dup3, process_handle, handle_in_holder, 0);
    ::syscall(SYS_close_range, handle_in_holder + 1, ~0U, 0U);
}

OB_NOT_INSTRUMENTED int hold(void* argument) noexcept
{
    Plan& plan = *static_cast<Plan*>(argument);
    ::syscall(SYS_prctl, PR_SET_NAME, "ob-holder", 0, 0, 0);
    become_ordinary();
    close_handles(plan.process_handle);
    // release, pairs with the acquire in wait_until_set_up().
    plan.is_set_up.store(1, std::memory_order_release);
    ::syscall(SYS_futex, &plan.is_set_up, FUTEX_WAKE_PRIVATE, 1);

    pollfd process{.fd = handle_in_holder, .events = POLLIN, .revents = 0};
    while (::syscall(SYS_ppoll, &process, 1, nullptr, nullptr, sizeof(SignalMask)) == 0) {
    }
    return 0;
}

void wait_until_set_up(const Plan& plan) noexcept
{
    const std::uint64_t deadline_ns = monotonic_ns() + set_up_limit_ns;
    // acquire, pairs with the release in hold(): its descriptors are closed.
    while (plan.is_set_up.load(std::memory_order_acquire) == 0 && monotonic_ns() < deadline_ns)
        static_cast<void>(futex_wait({&plan.is_set_up, 0, FutexScope::this_process}, deadline_ns));
}

[[nodiscard]] bool is_switched_off() noexcept
{
    // NOLINTNEXTLINE(concurrency-mt-unsafe): before there are other threads
    const char* const value = std::getenv("OUTBOARD_NO_MEMORY_HOLDER");
    return value != nullptr && std::strcmp(value, "1") == 0;
}

}  // namespace

Result<std::int32_t> start_memory_holder() noexcept
{
    if (is_switched_off())
        return fail(ErrorCode::unsupported, "OUTBOARD_NO_MEMORY_HOLDER=1");
    const UniqueHandle self{static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0U))};
    if (!self.is_open())
        return system_error("pidfd_open");
    // Never unmapped: the holder stands on it until the process has ended.
    void* const stack = ::mmap(nullptr, stack_bytes, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, off_t{0});
    if (stack == MAP_FAILED)
        return system_error("mmap");
    Plan& plan = *new (stack) Plan{.process_handle = self.get()};

    const AllSignalsBlocked signals_blocked;
    // No exit signal, so that no wait() of ours finds it; untraced, because to a debugger it would
    // look like a thread. Both change when this process has ended: its new parent reaps it.
    const int process_id = OB_CLONE(hold, static_cast<std::byte*>(stack) + stack_bytes,
                                    CLONE_VM | CLONE_UNTRACED, &plan);
    if (process_id < 0)
        return system_error("clone");
    wait_until_set_up(plan);
    return process_id;
}

}  // namespace outboard::rt::os
