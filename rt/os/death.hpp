// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What a process of ours (a service, never a host) may still do when a signal or exit() ends it.

#include "rt/control/result.hpp"
#include "rt/os/memory.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace outboard::rt::os {

/// A signal that is about to end the process.
struct Crash {
    int signal;
    int code;  ///< what the system says of its cause (Linux: si_code)
    std::uintptr_t fault_address;
    std::uintptr_t instruction;  ///< that the thread was at; 0 where this is not known
};

/// Called on the thread that dies, maybe in the middle of malloc(): no allocation, no lock.
struct DeathFunctions {
    void (*on_crash)(const Crash& crash) noexcept;
    void (*on_exit)(int exit_code) noexcept;
};

/// From now on `functions` are called before the process dies of a crash (Linux: SIGSEGV, SIGBUS,
/// SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGXCPU) or leaves by exit(), each of them once. The signal
/// then does what it would have done, with the state of the thread as it was, so a core dump shows
/// the fault and not us.
///
/// Handlers of others are respected: a signal that has one already is left to it; one that is
/// installed later takes our place, and may hand on to us what it does not handle.
/// @pre the main thread calls it, before there are others
[[nodiscard]] Result<void> watch_own_death(const DeathFunctions& functions) noexcept;

/// A stack for the last functions of the calling thread, whose own may have overflowed. Kept until
/// the object is destroyed, by the same thread.
class AlternateStack {
public:
    /// Leaves the thread as it is where it has one already (a sanitizer's, a plugin's).
    [[nodiscard]] static Result<AlternateStack> for_this_thread() noexcept;
    AlternateStack(AlternateStack&& other) noexcept = default;
    AlternateStack& operator=(AlternateStack&&) = delete;
    AlternateStack(const AlternateStack&) = delete;
    AlternateStack& operator=(const AlternateStack&) = delete;
    ~AlternateStack();

private:
    explicit AlternateStack(Mapping memory) noexcept : memory_(std::move(memory)) {}
    Mapping memory_;
};

struct BacktraceFrame {
    std::uintptr_t address;
    std::uintptr_t offset;  ///< from the start of `module`
    const char* module;     ///< path of the program or library; "" where it is not known
};

/// Who called whom, innermost first, from where the thread crashed. Needs no lock with glibc 2.35
/// and GCC 12 or later, which look up unwind tables without one.
/// @pre    within DeathFunctions::on_crash
/// @return how many frames were filled
[[nodiscard]] std::size_t backtrace_of(const Crash& crash,
                                       std::span<BacktraceFrame> frames) noexcept;

/// The calling thread's name, as name_current_thread() set it; `name` holds 16 characters.
void copy_thread_name(std::span<char, 16> name) noexcept;

}  // namespace outboard::rt::os
