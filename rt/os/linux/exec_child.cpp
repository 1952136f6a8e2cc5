// SPDX-License-Identifier: MIT
//
// The child runs on a stack of its own in the parent's memory and with the parent's thread-local
// storage. So: system calls only and no call of the C library that keeps state. Signal actions are
// set by the bare call, because a sanitizer would note in the parent's tables what only the child
// wants; and these functions are not instrumented, because their stack is not one that it knows.

#include "rt/os/linux/exec_child.hpp"

#include "rt/os/linux/clone.hpp"
#include "rt/os/linux/cpu_mask.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <cstddef>

namespace outboard::rt::os {
namespace {

constexpr int exit_code_of_failure = 127;
constexpr int inherited_handle_in_child = 3;
constexpr int last_signal = 64;

/// CPUs that this process was given, before anybody pinned a thread. Empty: not known.
struct CpusAtStart {
    CpuMask mask;
    bool is_known;
};

[[nodiscard]] CpusAtStart read_cpus_at_start() noexcept
{
    CpusAtStart cpus{};
    cpus.is_known =
        ::syscall(SYS_sched_getaffinity, 0, CpuMask::size_bytes(), cpus.mask.data()) >= 0;
    return cpus;
}

const CpusAtStart cpus_at_start = read_cpus_at_start();

OB_NOT_INSTRUMENTED bool failed(ExecPlan& plan, const char* operation) noexcept
{
    plan.failed_operation = operation;
    plan.sys_errno = errno;
    return false;
}

OB_NOT_INSTRUMENTED bool bind_to_parent(ExecPlan& plan) noexcept
{
    if (::syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
        return failed(plan, "prctl PR_SET_PDEATHSIG");
    if (::syscall(SYS_getppid) == plan.parent)
        return true;
    errno = ESRCH;
    return failed(plan, "look for the parent process");
}

/// Every action back to its default; ignored signals would else stay ignored in the program.
OB_NOT_INSTRUMENTED void reset_signal_actions() noexcept
{
    // The kernel's struct sigaction, larger than on any machine: all zeros is SIG_DFL, no flags.
    const std::array<std::byte, 64> default_action{};
    for (int signal_number = 1; signal_number <= last_signal; ++signal_number) {
        ::syscall(SYS_rt_sigaction, signal_number, default_action.data(), nullptr,
                  sizeof(SignalMask));
    }
}

/// As it was when this process started. Failures do not matter: it runs, if less well.
OB_NOT_INSTRUMENTED void reset_scheduling() noexcept
{
    const sched_param parameters{};
    ::syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &parameters);
    ::syscall(SYS_setpriority, PRIO_PROCESS, 0, 0);
    if (cpus_at_start.is_known) {
        ::syscall(SYS_sched_setaffinity, 0, CpuMask::size_bytes(), cpus_at_start.mask.data());
    }
}

/// Replaces `handle` by a copy above the descriptors that are about to be replaced; a negative one
/// means that there is none.
OB_NOT_INSTRUMENTED bool move_away(int& handle) noexcept
{
    if (handle < 0)
        return true;
    handle = static_cast<int>(
        ::syscall(SYS_fcntl, handle, F_DUPFD_CLOEXEC, inherited_handle_in_child + 1));
    return handle >= 0;
}

/// `to` becomes a copy of `from` that survives execve(). dup3() would refuse two equal ones.
OB_NOT_INSTRUMENTED bool put(int from, int to) noexcept
{
    return from == to || ::syscall(SYS_dup3, from, to, 0) >= 0;
}

/// Standard input from /dev/null. So are output and error output where the parent has closed them,
/// or else the first file that the program opens would get what it prints.
OB_NOT_INSTRUMENTED bool arrange_standard_handles(int error_output) noexcept
{
    const int null = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR, 0));
    if (null < 0 || !put(null, STDIN_FILENO))
        return false;
    for (const int output : {STDOUT_FILENO, STDERR_FILENO}) {
        const bool is_open = ::syscall(SYS_fcntl, output, F_GETFD) >= 0;
        if (!is_open && !put(null, output))
            return false;
    }
    return error_output < 0 || put(error_output, STDERR_FILENO);
}

OB_NOT_INSTRUMENTED bool arrange_handles(ExecPlan& plan) noexcept
{
    int inherited = plan.inherited_handle;
    int error_output = plan.error_output_handle;
    if (!move_away(inherited) || !move_away(error_output))
        return failed(plan, "copy of the handles for a child");
    if (!arrange_standard_handles(error_output))
        return failed(plan, "standard handles of a child");
    const bool inherits = inherited >= 0;
    if (inherits && !put(inherited, inherited_handle_in_child))
        return failed(plan, "inherited handle of a child");
    const int first_to_close = inherited_handle_in_child + (inherits ? 1 : 0);
    if (::syscall(SYS_close_range, first_to_close, ~0U, 0U) != 0)
        return failed(plan, "close_range");
    return true;
}

/// Last, because from here on a signal to the child ends it.
OB_NOT_INSTRUMENTED void unblock_signals() noexcept
{
    const SignalMask none = 0;
    ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, sizeof none);
}

}  // namespace

OB_NOT_INSTRUMENTED int exec_child(void* plan) noexcept
{
    ExecPlan& work = *static_cast<ExecPlan*>(plan);
    if (!bind_to_parent(work))
        return exit_code_of_failure;
    reset_signal_actions();
    reset_scheduling();
    if (!arrange_handles(work))
        return exit_code_of_failure;
    unblock_signals();
    ::syscall(SYS_execve, work.executable, work.arguments, work.environment);
    failed(work, "execve");
    return exit_code_of_failure;
}

}  // namespace outboard::rt::os
