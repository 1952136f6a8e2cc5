// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// One cell of `outboard bench failover`: a stream in real time whose service is struck again and
/// again, each time when all is well.

#include "bench/machine.hpp"
#include "bench/tool/failover_matrix.hpp"
#include "bench/tool/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace outboard::bench {

struct FailoverPlan {
    std::string service = "reverb";
    std::uint32_t frame_count = 64;  ///< of a block
    std::size_t strike_count = 20;
    std::string wav_folder{};  ///< the sound around each strike goes there; empty: nowhere
};

/// Adds the cell's measurements and its strikes to the result, also of a cell that ends early.
/// @throws std::exception when the service cannot be started, or does not come back
void measure_failover_cell(const FailoverCell& cell, const FailoverPlan& plan,
                           const Machine& machine, Result& result);

}  // namespace outboard::bench
