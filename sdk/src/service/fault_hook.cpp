// SPDX-License-Identifier: MIT

#include "sdk/src/service/fault_hook.hpp"

#include "rt/os/clock.hpp"
#include "rt/path/bell.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <limits>

namespace outboard::service {
namespace {

constexpr std::uint64_t ns_per_ms = 1'000'000;
constexpr int exit_code_of_fault = 3;

/// Busy, as a processor that computes for too long is.
void spin_until(std::uint64_t end_ns) noexcept
{
    while (rt::os::monotonic_ns() < end_ns)
        rt::spin_pause();
}

}  // namespace

bool FaultHook::arm(std::int32_t kind, std::uint32_t argument) noexcept
{
    if (kind < OB_FAULT_SEGV || kind > OB_FAULT_NAN)
        return false;
    // relaxed: the one word is all there is to know.
    armed_.store((static_cast<std::uint64_t>(kind) << 32U) | argument, std::memory_order_relaxed);
    return true;
}

bool FaultHook::strike() noexcept
{
    if (armed_.load(std::memory_order_relaxed) == 0) [[likely]]
        return false;
    const std::uint64_t armed = armed_.exchange(0, std::memory_order_relaxed);
    const std::uint64_t argument = armed & 0xffffffffU;
    switch (armed >> 32U) {
        case OB_FAULT_SEGV: static_cast<void>(std::raise(SIGSEGV)); break;
        case OB_FAULT_EXIT: std::_Exit(exit_code_of_fault);
        case OB_FAULT_SPIN: spin_until(std::numeric_limits<std::uint64_t>::max()); break;
        case OB_FAULT_LATE: spin_until(rt::os::monotonic_ns() + argument * ns_per_ms); break;
        case OB_FAULT_NAN: return true;
        default: break;
    }
    return false;
}

void FaultHook::spoil(std::span<float> channel) noexcept
{
    std::fill(channel.begin(), channel.end(), std::numeric_limits<float>::quiet_NaN());
}

}  // namespace outboard::service
