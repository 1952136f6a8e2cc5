// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Faults on command, for tests: only in a service that was started with OUTBOARD_FAULT_HOOK=1.

#include "rt/path/contract.hpp"

#include <outboard/host.h>

#include <atomic>
#include <cstdint>
#include <span>

namespace outboard::service {

class FaultHook {
public:
    /// Arms a fault for the next block; the last one armed counts.
    /// @thread control
    /// @return false for a kind that needs no help, or is none
    [[nodiscard]] bool arm(std::int32_t kind, std::uint32_t argument) noexcept;

    /// Strikes, if armed: the process ends, the thread loops for ever, or this returns late.
    /// @thread dsp, in the place of the processor
    /// @return whether this block's output is to be spoilt by spoil()
    [[nodiscard]] bool strike() noexcept;

    /// Fills one channel with NaN.
    static void spoil(std::span<float> channel) noexcept;

private:
    /// Kind in the upper half, argument in the lower one; 0: none.
    std::atomic<std::uint64_t> armed_{0};
};

}  // namespace outboard::service
