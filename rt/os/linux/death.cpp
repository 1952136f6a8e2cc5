// SPDX-License-Identifier: MIT

#include "rt/os/death.hpp"

#include "rt/os/linux/errors.hpp"
#include "rt/path/contract.hpp"

#include <dlfcn.h>
#include <execinfo.h>
#include <link.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>

namespace outboard::rt::os {
namespace {

constexpr std::array crash_signals{SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGXCPU};
/// Unwinding takes about 10 KiB, the context of a CPU with wide registers as much again.
constexpr std::size_t alternate_stack_bytes = std::size_t{64} * 1024;
/// After so long a death that does not come on (a damaged stack, a lock) is cut short.
constexpr unsigned int death_limit_s = 2;

struct Watch {
    DeathFunctions functions{};
    pid_t process_id = -1;
    std::atomic<bool> has_crashed{false};
    std::array<char, 256> program{};  ///< path of the executable
};
Watch watch;

/// A child that this process has forked is not us: what it shares with us is not mapped there.
[[nodiscard]] bool is_our_process() noexcept
{
    return ::getpid() == watch.process_id;
}

[[nodiscard]] std::uintptr_t instruction_of(const void* context) noexcept
{
    const auto& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
    return static_cast<std::uintptr_t>(machine.gregs[REG_RIP]);
#elif defined(__aarch64__)
    return static_cast<std::uintptr_t>(machine.pc);
#else
    static_cast<void>(machine);
    return 0;
#endif
}

/// Of a signal that somebody sent there is none: its place is taken by who sent it.
[[nodiscard]] std::uintptr_t fault_address_of(const siginfo_t& info) noexcept
{
    return info.si_code > 0 ? reinterpret_cast<std::uintptr_t>(info.si_addr) : 0;
}

/// The default action takes place when the handler returns, or at once where the signal is not
/// blocked. Sent anew with all that came with it, so that a core dump tells the same.
void die_as_without_us(int signal_number, siginfo_t* info) noexcept
{
    struct sigaction action {};
    action.sa_handler = SIG_DFL;
    ::sigaction(signal_number, &action, nullptr);
    ::syscall(SYS_rt_tgsigqueueinfo, ::getpid(), ::gettid(), signal_number, info);
}

void cut_short_if_it_hangs() noexcept
{
    struct sigaction action {};
    action.sa_handler = SIG_DFL;
    ::sigaction(SIGALRM, &action, nullptr);
    ::alarm(death_limit_s);
}

/// Another thread is dying already, and takes this one along.
[[noreturn]] void wait_for_the_end() noexcept
{
    for (;;)
        ::pause();
}

void on_crash_signal(int signal_number, siginfo_t* info, void* context) noexcept
{
    const int sys_errno = errno;
    if (is_our_process()) {
        // acq_rel: one thread is the first; nothing else hangs on it.
        if (watch.has_crashed.exchange(true, std::memory_order_acq_rel))
            wait_for_the_end();
        cut_short_if_it_hangs();
        watch.functions.on_crash({.signal = signal_number,
                                  .code = info->si_code,
                                  .fault_address = fault_address_of(*info),
                                  .instruction = instruction_of(context)});
    }
    die_as_without_us(signal_number, info);
    errno = sys_errno;
}

void on_exit_call(int exit_code, void* /*unused*/) noexcept
{
    // relaxed: a crash of another thread meanwhile says more, and it is said as well.
    if (is_our_process() && !watch.has_crashed.load(std::memory_order_relaxed))
        watch.functions.on_exit(exit_code);
}

[[nodiscard]] bool has_handler(int signal_number) noexcept
{
    struct sigaction action {};
    ::sigaction(signal_number, nullptr, &action);
    return (action.sa_flags & SA_SIGINFO) != 0 || action.sa_handler != SIG_DFL;
}

[[nodiscard]] bool install_handlers() noexcept
{
    struct sigaction action {};
    action.sa_sigaction = on_crash_signal;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    // A fault within the handler is then final: the kernel does not call a blocked handler.
    for (const int signal_number : crash_signals)
        ::sigaddset(&action.sa_mask, signal_number);
    return std::all_of(crash_signals.begin(), crash_signals.end(), [&action](int signal_number) {
        return has_handler(signal_number) || ::sigaction(signal_number, &action, nullptr) == 0;
    });
}

/// The first call loads the unwinder, which allocates.
void prepare_backtrace() noexcept
{
    std::array<void*, 2> addresses{};
    static_cast<void>(::backtrace(addresses.data(), static_cast<int>(addresses.size())));
    const ssize_t length =
        ::readlink("/proc/self/exe", watch.program.data(), watch.program.size() - 1);
    watch.program[static_cast<std::size_t>(std::max<ssize_t>(length, 0))] = '\0';
}

[[nodiscard]] BacktraceFrame locate(std::uintptr_t address) noexcept
{
    BacktraceFrame frame{.address = address, .offset = 0, .module = ""};
#if defined(DLFO_STRUCT_HAS_EH_DBASE)  // _dl_find_object(), glibc 2.35: dladdr() takes a lock
    dl_find_object found{};
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the interface wants the address so
    if (::_dl_find_object(reinterpret_cast<void*>(address), &found) != 0)
        return frame;
    const link_map& module = *found.dlfo_link_map;
    frame.offset = address - module.l_addr;
    frame.module = module.l_name[0] != '\0' ? module.l_name : watch.program.data();
#endif
    return frame;
}

}  // namespace

Result<void> watch_own_death(const DeathFunctions& functions) noexcept
{
    OB_ASSERT(functions.on_crash != nullptr && functions.on_exit != nullptr);
    watch.functions = functions;
    watch.process_id = ::getpid();
    prepare_backtrace();
    if (!install_handlers())
        return system_error("sigaction");
    if (::on_exit(on_exit_call, nullptr) != 0)
        return fail(ErrorCode::no_memory, "on_exit");
    return {};
}

Result<AlternateStack> AlternateStack::for_this_thread() noexcept
{
    stack_t present{};
    if (::sigaltstack(nullptr, &present) == 0 && (present.ss_flags & SS_DISABLE) == 0)
        return AlternateStack{Mapping{}};
    auto memory = map_private(alternate_stack_bytes);
    if (!memory)
        return tl::unexpected(memory.error());
    static_cast<void>(memory->lock());
    const stack_t stack{.ss_sp = memory->data(), .ss_flags = 0, .ss_size = memory->size_bytes()};
    if (::sigaltstack(&stack, nullptr) != 0)
        return system_error("sigaltstack");
    return AlternateStack{std::move(*memory)};
}

AlternateStack::~AlternateStack()
{
    if (memory_.data() == nullptr)
        return;
    const stack_t none{.ss_sp = nullptr, .ss_flags = SS_DISABLE, .ss_size = 0};
    ::sigaltstack(&none, nullptr);
}

std::size_t backtrace_of(const Crash& crash, std::span<BacktraceFrame> frames) noexcept
{
    constexpr int depth_max = 64;
    std::array<void*, depth_max> addresses{};
    const int depth = ::backtrace(addresses.data(), depth_max);
    const auto end = addresses.begin() + depth;
    // The innermost ones are the handler's own.
    auto first = std::find_if(addresses.begin(), end, [&crash](const void* address) {
        return reinterpret_cast<std::uintptr_t>(address) == crash.instruction;
    });
    std::size_t count = 0;
    if (first == end && !frames.empty()) {  // could not be unwound: at least where it was
        frames[count++] = locate(crash.instruction);
        return count;
    }
    for (; first != end && count < frames.size(); ++first)
        frames[count++] = locate(reinterpret_cast<std::uintptr_t>(*first));
    return count;
}

void copy_thread_name(std::span<char, 16> name) noexcept
{
    ::prctl(PR_GET_NAME, name.data());
}

}  // namespace outboard::rt::os
