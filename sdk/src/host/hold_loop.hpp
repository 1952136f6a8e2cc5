// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What the `hold` fallback plays: the last frames go round in a loop and fade out.
///
///     captured   | head (64) | ................................ | tail (64) |
///     loop       | tail fades into head | ..................... |        the tail itself is not in
///     it
///
/// The loop begins behind its head, where the frames follow that come after the faded tail. It is
/// played forward and joined by the same fade as any switch: played to and fro it would have a
/// corner at each turn.

#include "rt/path/contract.hpp"
#include "sdk/src/host/output_history.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace outboard::host {

class HoldLoop {
public:
    static constexpr double decay_seconds = 0.05;  ///< until the gain has fallen to 1 / e

    /// @rt no: allocates
    HoldLoop(std::uint32_t channel_count, double sample_rate_hz);

    /// Takes what was played last and starts from there at full gain. With less than two fades of
    /// it, at the start of a stream, the loop is silent.
    /// @rt     wait-free, O(channels)
    void capture(const OutputHistory& history) noexcept OB_NONBLOCKING;

    /// The loop's next frames of one channel; the place moves on only by advance(), once for all.
    /// @rt     wait-free, O(frames)
    void render(std::uint32_t channel, float* out, std::uint32_t frame_count) const noexcept
        OB_NONBLOCKING;

    void advance(std::uint32_t frame_count) noexcept OB_NONBLOCKING;

private:
    struct Place {
        std::uint32_t frame;
        double gain;
    };
    [[nodiscard]] Place after(Place place) const noexcept;

    std::uint32_t channel_count_;
    double gain_per_frame_;
    std::uint32_t loop_frames_ = 0;
    Place next_{0, 0.0};
    std::vector<float> samples_;  ///< a loop per channel, one after the other
};

}  // namespace outboard::host
