// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Where a DSP thread runs: a decision without any system call.
///
/// A wake on the caller's own CPU costs a sixth of one on another, but only a caller that stays on
/// one CPU may have the DSP thread there: one that can move is thrown off its CPU at every reply.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace outboard::rt {

enum class Placement : std::uint8_t {
    automatic,  ///< same where that is good, else other
    same,       ///< on the caller's CPU
    other,      ///< on CPUs that the caller is not on
    none,       ///< wherever the system puts it
};

struct PlacementInput {
    bool caller_pinned = false;         ///< the caller can run on `caller_cpu` only
    int caller_cpu = -1;                ///< where it runs now; negative: not known
    std::span<const int> allowed_cpus;  ///< of the DSP thread's process
    Placement requested = Placement::automatic;
    std::size_t dsp_thread_count = 1;
};

struct PlacementDecision {
    Placement chosen;       ///< same, other or none
    std::vector<int> cpus;  ///< for the DSP thread; empty: leave it alone
    bool may_spin;          ///< each DSP thread can have a CPU that is not the caller's
    const char* reason;     ///< string literal for the status
};

/// @thread control
/// @rt     no: allocates the list of CPUs
[[nodiscard]] PlacementDecision decide_placement(const PlacementInput& input);

}  // namespace outboard::rt
