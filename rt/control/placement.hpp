// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Where a DSP thread runs: a decision without any system call.
///
/// A wake on the caller's own CPU costs a sixth of one on another, but only a caller that stays on
/// one CPU may have the DSP thread there: one that can move is thrown off its CPU at every reply.

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
};

struct PlacementDecision {
    Placement chosen;       ///< same, other or none
    std::vector<int> cpus;  ///< for the DSP thread; empty: leave it alone
    std::uint32_t spin_ns;  ///< longest time the host may spin before it sleeps
    const char* reason;     ///< string literal for the status
};

/// Longest spin where there is a CPU to spare.
inline constexpr std::uint32_t spin_ns_max = 20'000;

/// @thread control
/// @rt     no: allocates the list of CPUs
[[nodiscard]] PlacementDecision decide_placement(const PlacementInput& input);

}  // namespace outboard::rt
