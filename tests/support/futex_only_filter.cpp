// SPDX-License-Identifier: MIT

#include "tests/support/futex_only_filter.hpp"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ucontext.h>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>

namespace outboard::test {

namespace {

std::atomic<std::uint64_t> trapped_count{0};

/// Makes the trapped call fail as one that the kernel does not know.
void set_result(ucontext_t& context) noexcept
{
#if defined(__x86_64__)
    context.uc_mcontext.gregs[REG_RAX] = -ENOSYS;
#elif defined(__aarch64__)
    context.uc_mcontext.regs[0] = static_cast<unsigned long long>(-ENOSYS);
#else
#  error "which register has the result of a system call here?"
#endif
}

void on_trap(int /*signal*/, siginfo_t* /*info*/, void* context) noexcept
{
    trapped_count.fetch_add(1, std::memory_order_relaxed);
    set_result(*static_cast<ucontext_t*>(context));
}

[[nodiscard]] bool install_handler() noexcept
{
    struct sigaction action {};
    action.sa_sigaction = on_trap;
    action.sa_flags = SA_SIGINFO;
    return ::sigaction(SIGSYS, &action, nullptr) == 0;
}

[[nodiscard]] constexpr sock_filter skip_if(std::uint32_t call, std::uint8_t distance) noexcept
{
    return {BPF_JMP | BPF_JEQ | BPF_K, distance, 0, call};
}

[[nodiscard]] bool install_filter() noexcept
{
    // Without a look at the architecture: it is to find our own mistakes, not to hold an enemy.
    std::array<sock_filter, 6> code{{
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
        skip_if(SYS_futex, 3),
        skip_if(SYS_futex_waitv, 2),
        skip_if(SYS_rt_sigreturn, 1),
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_TRAP},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
    }};
    const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

}  // namespace

void allow_only_futex_on_this_thread() noexcept
{
    if (!install_handler() || !install_filter())
        std::abort();
}

std::uint64_t trapped_system_calls() noexcept
{
    return trapped_count.load(std::memory_order_relaxed);
}

}  // namespace outboard::test
