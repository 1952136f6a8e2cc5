// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Measures all mechanisms of a size in rounds: each runs a chunk, then the next round begins at
/// another one and goes the other way, so that a drift of the machine favours none.

#include "bench/distance_probe.hpp"
#include "bench/ipc/figures.hpp"
#include "bench/ipc/plan.hpp"

namespace outboard::bench::ipc {

/// @thread the supervisor, on the near CPU
/// @return what was measured before was_interrupted(), in that case
[[nodiscard]] SizeResult measure_size(const Plan& plan, std::size_t message_bytes,
                                      const Placement& placement, DistanceProbe& probe);

}  // namespace outboard::bench::ipc
