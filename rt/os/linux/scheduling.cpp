// SPDX-License-Identifier: MIT

#include "rt/os/scheduling.hpp"

#include "rt/os/linux/cpu_mask.hpp"
#include "rt/os/linux/errors.hpp"

#include <linux/capability.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <new>

namespace outboard::rt::os {
namespace {

[[nodiscard]] Policy policy_of(int sys_policy) noexcept
{
    switch (sys_policy & ~SCHED_RESET_ON_FORK) {
        case SCHED_FIFO: return Policy::fifo;
        case SCHED_RR: return Policy::round_robin;
        default: return Policy::other;
    }
}

/// The raw calls, because glibc's take a cpu_set_t.
[[nodiscard]] bool read_mask(ThreadId thread, CpuMask& mask) noexcept
{
    return ::syscall(SYS_sched_getaffinity, thread, CpuMask::size_bytes(), mask.data()) >= 0;
}

/// Whether locked memory is unlimited: by the limit, or by the capability CAP_IPC_LOCK.
[[nodiscard]] bool may_lock_any_amount() noexcept
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY)
        return true;
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> capabilities{};
    if (::syscall(SYS_capget, &header, capabilities.data()) != 0)
        return false;
    return (capabilities.front().effective & (1U << CAP_IPC_LOCK)) != 0;
}

}  // namespace

ThreadId current_thread_id() noexcept
{
    return ::gettid();
}

Result<ThreadScheduling> thread_scheduling(ThreadId thread) noexcept
{
    const int policy = ::sched_getscheduler(thread);
    if (policy < 0)
        return system_error("sched_getscheduler");
    sched_param parameters{};
    if (::sched_getparam(thread, &parameters) != 0)
        return system_error("sched_getparam");
    errno = 0;  // -1 is a nice level too
    const int nice_level = ::getpriority(PRIO_PROCESS, static_cast<id_t>(thread));
    if (errno != 0)
        return system_error("getpriority");
    return ThreadScheduling{policy_of(policy), parameters.sched_priority, nice_level};
}

Result<void> set_fifo(ThreadId thread, int priority) noexcept
{
    const sched_param parameters{.sched_priority = priority};
    if (::sched_setscheduler(thread, SCHED_FIFO | SCHED_RESET_ON_FORK, &parameters) != 0)
        return system_error("sched_setscheduler SCHED_FIFO");
    return {};
}

int fifo_priority_limit() noexcept
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_RTPRIO, &limit) != 0)
        return 0;
    const auto highest = static_cast<rlim_t>(::sched_get_priority_max(SCHED_FIFO));
    return static_cast<int>(std::min(limit.rlim_cur, highest));
}

Result<void> set_other(ThreadId thread, int nice_level) noexcept
{
    const sched_param parameters{};
    // With RESET_ON_FORK as well: without privileges it cannot be taken back from a thread that
    // has it, and the children of a thread at nice -11 shall be ordinary too.
    if (::sched_setscheduler(thread, SCHED_OTHER | SCHED_RESET_ON_FORK, &parameters) != 0)
        return system_error("sched_setscheduler SCHED_OTHER");
    if (::setpriority(PRIO_PROCESS, static_cast<id_t>(thread), nice_level) != 0)
        return system_error("setpriority");
    return {};
}

Result<std::vector<int>> thread_cpus(ThreadId thread) noexcept
{
    CpuMask mask;
    if (!read_mask(thread, mask))
        return system_error("sched_getaffinity");
    try {
        std::vector<int> cpus;
        for (int cpu = 0; cpu < CpuMask::cpu_count_max; ++cpu) {
            if (mask.contains(cpu))
                cpus.push_back(cpu);
        }
        return cpus;
    } catch (const std::bad_alloc&) {
        return fail(ErrorCode::no_memory, "list of CPUs");
    }
}

Result<void> set_thread_cpus(ThreadId thread, const std::vector<int>& cpus) noexcept
{
    if (cpus.empty() || !std::all_of(cpus.begin(), cpus.end(), CpuMask::is_valid))
        return fail(ErrorCode::invalid_argument, "list of CPUs");
    CpuMask mask;
    for (const int cpu : cpus)
        mask.add(cpu);
    if (::syscall(SYS_sched_setaffinity, thread, CpuMask::size_bytes(), mask.data()) != 0)
        return system_error("sched_setaffinity");
    return {};
}

int current_cpu() noexcept
{
    return ::sched_getcpu();
}

Result<void> lock_all_memory() noexcept
{
    // Below a limit the call may succeed now and make a later allocation or thread fail.
    if (!may_lock_any_amount())
        return system_error("mlockall (RLIMIT_MEMLOCK is not unlimited)", EPERM);
    if (::mlockall(MCL_CURRENT | MCL_FUTURE) != 0)
        return system_error("mlockall");
    return {};
}

void name_current_thread(const char* name) noexcept
{
    // Not pthread_setname_np(), which refuses a long name instead of cutting it.
    ::prctl(PR_SET_NAME, name);
}

}  // namespace outboard::rt::os
