// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Where hot standbys run: a decision from what is known and measured, without any system call.
///
///     trailing   on the caller's CPU, one priority below the primary: rung together with it, it
///                runs when the primary has done, and goes on at once when the primary dies
///     other      on other CPUs, rung when the primary's answer was taken, is late, or is lost
///
/// With trailing the CPU does each block twice; so both must fit before the deadline.

#include <outboard/host.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace outboard::host {

struct StandbyPlacementInput {
    ob_standby_placement requested = OB_STANDBY_PLACEMENT_AUTO;
    bool is_free_pace = false;
    bool shares_caller_cpu = false;  ///< the primary runs on the CPU the caller is pinned to
    std::int32_t primary_priority = 0;
    std::size_t cpu_count = 1;      ///< that services may run on
    std::uint64_t dsp_p99_ns = 0;   ///< 0: not measured yet
    std::uint64_t deadline_ns = 0;  ///< what a block may take; 0: not measured yet
    bool was_unfit = false;         ///< trailing has been given up once
};

struct StandbyPlacementDecision {
    ob_standby_placement chosen = OB_STANDBY_PLACEMENT_OTHER;
    bool fits = true;    ///< measured figures leave room for a standby's answer after a death
    std::string reason;  ///< for the status
};

/// @thread control
[[nodiscard]] StandbyPlacementDecision decide_standby_placement(const StandbyPlacementInput& input);

/// Why a standby cannot trail whatever it costs; empty: it can.
[[nodiscard]] std::string why_not_trailing(const StandbyPlacementInput& input);

/// Whether two blocks of DSP, one behind the other, end before the deadline. Unmeasured fits.
[[nodiscard]] bool trailing_fits(const StandbyPlacementInput& input) noexcept;

}  // namespace outboard::host
