// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// One cell of the hop's matrix: an insert with the processor `null` and a bare pair of futexes,
/// a chunk each in turn.

#include "bench/machine.hpp"
#include "bench/tool/hop_matrix.hpp"
#include "bench/tool/result.hpp"

#include <cstddef>
#include <cstdint>

namespace outboard::bench {

/// What is wrong with the sound that came back, if anything is.
struct SoundCheck {
    std::uint64_t exact_count = 0;  ///< blocks that were what was sent, at the reported latency
    std::uint64_t wrong_count = 0;
    std::uint64_t late_count = 0;
    std::uint32_t latency_frames = 0;
};

/// Adds the cell's measurements and ratios to `result`. Ends early once the program is interrupted.
/// @pre the process has one thread
/// @throws std::exception when there is no service
[[nodiscard]] SoundCheck measure_hop_cell(const HopCell& cell, std::size_t sample_count,
                                          const Machine& machine, Result& result);

/// JACK2 with one client that passes on, at the same period: adds its measurement.
/// @throws std::exception when JACK cannot be had
void measure_jack_cell(std::size_t sample_count, const Machine& machine, Result& result);

}  // namespace outboard::bench
