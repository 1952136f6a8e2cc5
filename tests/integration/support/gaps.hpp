// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Holds a recorded stream against what the library said about it, frame by frame.
///
///     wet ......|...... fallback ......|...... wet
///               | fade |               | fade |         64 frames each, from the switch on
///               '------- a gap --------'                as told by OB_INCIDENT_WET_AGAIN

#include "tests/integration/support/streaming_rig.hpp"

#include <outboard/host.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace outboard::test {

/// Frames [first, end) that the fallback filled.
struct Gap {
    std::uint64_t first_frame;
    std::uint64_t end_frame;
};

/// The gaps that ended, in their order.
[[nodiscard]] std::vector<Gap> gaps_of(const std::vector<ob_incident>& incidents);

[[nodiscard]] std::uint64_t frames_in(const std::vector<Gap>& gaps) noexcept;

/// Value of an output frame.
using Wave = std::function<float(std::uint32_t channel, std::uint64_t frame)>;

/// @return what is wrong first, in words; empty when every frame outside of the fades is wet
///         outside of the gaps and the fallback inside
[[nodiscard]] std::string first_contradiction(const Audio& output, const std::vector<Gap>& gaps,
                                              const Wave& wet, const Wave& fallback);

}  // namespace outboard::test
