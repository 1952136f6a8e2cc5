// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What a service says when it dies, in memory that only it writes. To the host it is input: a
/// service that lies about its death is let go, and that is all that it can bring about.
///
///     dying thread                              caller, plain thread of the host
///     life = the signal      (release, L)       is life 0? (acquire, L)  no: take another replica
///     ring the callers
///     what happened where, then
///     is_written = 1         (release, W)       once the process has ended:
///     the default action                        is_written? (acquire, W)  copy it, check the copy

#include "rt/path/contract.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace outboard::link {

/// 0 while the service lives; else how it dies.
using LifeWord = std::atomic<std::uint32_t>;

[[nodiscard]] constexpr std::uint32_t dying_of_signal(int signal_number) noexcept
{
    return 1U | (static_cast<std::uint32_t>(signal_number) & 0x7fU) << 8U;
}

[[nodiscard]] constexpr std::uint32_t dying_by_exit(int exit_code) noexcept
{
    return 1U | (static_cast<std::uint32_t>(exit_code) & 0xffU) << 16U;
}

/// Minus the signal, or the exit code, of whatever word a service has written.
[[nodiscard]] constexpr std::int32_t death_detail(std::uint32_t life) noexcept
{
    const auto signal_number = static_cast<std::int32_t>(life >> 8U & 0x7fU);
    const auto exit_code = static_cast<std::int32_t>(life >> 16U & 0xffU);
    return signal_number != 0 ? -signal_number : exit_code;
}

/// One return address, innermost first; the module's name is cut to its end.
struct CrashFrame {
    std::uint64_t address;
    std::uint64_t offset;  ///< from the start of the module; 0 if that is unknown
    std::array<char, 48> module;
};

struct CrashArea {
    alignas(rt::cache_line_bytes) std::atomic<std::uint32_t> is_written{0};
    std::int32_t signal = 0;  ///< 0: exit() was called
    std::int32_t code = 0;    ///< of the signal (si_code), or the exit code
    std::int32_t thread_id = 0;
    std::uint64_t fault_address = 0;
    std::uint64_t instruction = 0;
    std::uint64_t block = 0;  ///< inside a processor (BlockInProgress); 0: none
    std::uint32_t frame_count = 0;
    std::uint32_t reserved = 0;
    std::array<char, 16> thread_name{};
    std::array<char, 64> processor{};  ///< that had the block
    std::array<CrashFrame, 24> frames{};
};
static_assert(sizeof(CrashFrame) == 64);
static_assert(sizeof(CrashArea) == 1664);

}  // namespace outboard::link
