// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// One cell of `outboard bench scale`: lanes are added, twice as many each time, until a cycle
/// misses its deadline.

#include "bench/machine.hpp"
#include "bench/tool/result.hpp"

#include <outboard/host.h>

#include <cstddef>
#include <string>

namespace outboard::bench {

struct ScaleCell {
    std::size_t service_count;
    ob_placement placement;

    /// "2-services/other"
    [[nodiscard]] std::string name() const;
};

struct ScalePlan {
    std::string service = "reverb";
    std::size_t lane_limit = 256;
    std::size_t cycle_count = 2'000;  ///< of a step
};

/// Adds the measurements of each step to the result, and the limit that was found.
/// @return the same in words
/// @throws std::exception when a service cannot be started
[[nodiscard]] std::string measure_scale_cell(const ScaleCell& cell, const ScalePlan& plan,
                                             const Machine& machine, Result& result);

}  // namespace outboard::bench
