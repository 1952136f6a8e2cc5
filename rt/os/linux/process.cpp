// SPDX-License-Identifier: MIT

#include "rt/os/process.hpp"

#include "rt/os/linux/clone.hpp"
#include "rt/os/linux/errors.hpp"
#include "rt/os/linux/exec_child.hpp"
#include "rt/os/memory.hpp"
#include "rt/os/poll.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <new>
#include <string_view>

#ifndef P_PIDFD
#  define P_PIDFD 3
#endif

namespace outboard::rt::os {
namespace {

constexpr std::size_t child_stack_bytes = std::size_t{64} * 1024;

[[nodiscard]] std::string_view name_of(std::string_view variable) noexcept
{
    return variable.substr(0, variable.find('='));
}

[[nodiscard]] std::vector<char*> argument_pointers(const SpawnOptions& options)
{
    // execve() changes none of these strings; its interface is older than const.
    std::vector<char*> pointers{const_cast<char*>(options.executable.c_str())};
    for (const std::string& argument : options.arguments)
        pointers.push_back(const_cast<char*>(argument.c_str()));
    pointers.push_back(nullptr);
    return pointers;
}

/// The parent's environment without what `options` replaces, then theirs.
[[nodiscard]] std::vector<char*> environment_pointers(const SpawnOptions& options)
{
    const auto is_replaced = [&](const char* inherited) {
        return std::any_of(
            options.environment.begin(), options.environment.end(),
            [&](const std::string& variable) { return name_of(variable) == name_of(inherited); });
    };
    std::vector<char*> pointers;
    for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
        if (!is_replaced(*variable))
            pointers.push_back(*variable);
    }
    for (const std::string& variable : options.environment)
        pointers.push_back(const_cast<char*>(variable.c_str()));
    pointers.push_back(nullptr);
    return pointers;
}

[[nodiscard]] int wait_for_end(const UniqueHandle& process, int options, siginfo_t& info) noexcept
{
    info.si_pid = 0;  // stays 0 with WNOHANG while the process runs
    return ::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(process.get()), &info,
                    WEXITED | options);
}

[[nodiscard]] Result<ChildProcess> start(ExecPlan& plan) noexcept
{
    const auto stack = map_private(child_stack_bytes);
    if (!stack)
        return tl::unexpected(stack.error());

    const AllSignalsBlocked signals_blocked;
    // CLONE_VFORK: we go on when the child has executed its program, or has failed and ended.
    int handle = -1;
    const int process_id = OB_CLONE(exec_child, stack->data() + stack->size_bytes(),
                                    CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &plan, &handle);
    if (process_id < 0)
        return system_error("clone");
    ChildProcess child{process_id, UniqueHandle{handle}};
    if (plan.failed_operation != nullptr) {
        siginfo_t info{};
        // Blocks, but not for long: the child has given our memory back and is about to be a
        // zombie. Fails when the host ignores SIGCHLD, and then nothing is left to reap.
        [[maybe_unused]] const int reaped = wait_for_end(child.handle, 0, info);
        return system_error(plan.failed_operation, plan.sys_errno);
    }
    return child;
}

[[nodiscard]] ExitStatus exit_status_of(const siginfo_t& info) noexcept
{
    if (info.si_code == CLD_EXITED)
        return {ExitKind::exited, info.si_status};
    return {ExitKind::signalled, info.si_status};
}

}  // namespace

Result<ChildProcess> spawn(const SpawnOptions& options) noexcept
{
    try {
        const auto arguments = argument_pointers(options);
        const auto environment = environment_pointers(options);
        ExecPlan plan{.executable = options.executable.c_str(),
                      .arguments = arguments.data(),
                      .environment = environment.data(),
                      .inherited_handle = options.inherited_handle,
                      .error_output_handle = options.error_output_handle,
                      .parent = current_process_id()};
        return start(plan);
    } catch (const std::bad_alloc&) {
        return fail(ErrorCode::no_memory, "spawn");
    }
}

Result<void> send_signal(const UniqueHandle& process, int signal_number) noexcept
{
    const long result = ::syscall(SYS_pidfd_send_signal, process.get(), signal_number, nullptr, 0U);
    if (result != 0 && errno != ESRCH)
        return system_error("pidfd_send_signal");
    return {};
}

Result<UniqueHandle> open_process(std::int32_t process_id) noexcept
{
    UniqueHandle process{static_cast<int>(::syscall(SYS_pidfd_open, process_id, 0U))};
    if (!process.is_open())
        return system_error("pidfd_open");
    return process;
}

ExitStatus exit_status(const UniqueHandle& process) noexcept
{
    siginfo_t info{};
    const bool is_known = wait_for_end(process, WNOHANG | WNOWAIT, info) == 0 && info.si_pid != 0;
    return is_known ? exit_status_of(info) : ExitStatus{};
}

bool is_dumping_core(std::int32_t process_id) noexcept
{
    std::array<char, 32> path{};
    static_cast<void>(std::snprintf(path.data(), path.size(), "/proc/%d/status", process_id));
    const UniqueHandle file{::open(path.data(), O_RDONLY | O_CLOEXEC)};
    std::array<char, 4096> status{};
    const ssize_t length = ::read(file.get(), status.data(), status.size());
    if (length <= 0)
        return false;
    const std::string_view text{status.data(), static_cast<std::size_t>(length)};
    return text.find("\nCoreDumping:\t1\n") != std::string_view::npos;
}

Result<ExitStatus> reap(const UniqueHandle& process, std::uint64_t deadline_ns) noexcept
{
    PollEntry entry{.handle = process.get()};
    const auto ready_count = wait_readable({&entry, 1}, deadline_ns);
    if (!ready_count)
        return tl::unexpected(ready_count.error());
    if (*ready_count == 0)
        return fail(ErrorCode::timed_out, "wait for the end of a process");

    siginfo_t info{};
    if (wait_for_end(process, WNOHANG, info) != 0) {
        // Not our child, or the host ignores SIGCHLD or has reaped all there was.
        if (errno == ECHILD)
            return ExitStatus{};
        return system_error("waitid");
    }
    if (info.si_pid == 0)  // ended, but kept by a debugger
        return fail(ErrorCode::timed_out, "wait for the end of a traced process");
    return exit_status_of(info);
}

bool bind_life_to_parent(std::int32_t expected_parent) noexcept
{
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    // After it, because the parent may have ended before the call.
    return ::getppid() != expected_parent;
}

std::int32_t current_process_id() noexcept
{
    return ::getpid();
}

}  // namespace outboard::rt::os
