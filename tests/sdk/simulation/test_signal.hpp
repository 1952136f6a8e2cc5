// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The signal of the simulation and what its processor makes of it.
///
/// - Channel 0, in: noise. Out: depends on all frames since the start, so without its past nothing
///   matches.
/// - Channel 1, in: the number of the frame. Out: the same, which tells whose answer it is.
/// - Channel 2, in: a sine. Out: the sine at a level that grows from the start on. It is smooth, so
///   a click shows; and so does a switch, without a fade, to a replica without the past.

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace outboard::test {

inline constexpr std::uint32_t signal_channel_count = 3;
using SignalFrame = std::array<float, signal_channel_count>;

/// Numbers frames from 0; exact in a float.
[[nodiscard]] inline float frame_number(std::int64_t frame)
{
    return frame < 0 ? 0.0f : static_cast<float>(frame + 1) * 0x1p-20f;
}

[[nodiscard]] inline SignalFrame input_frame(std::uint64_t frame)
{
    constexpr double radians_per_frame = 0.05;
    const auto noise = static_cast<std::uint32_t>(frame * 2654435761u + 12345u);
    return {static_cast<float>(noise >> 8) * 0x1p-24f,
            frame_number(static_cast<std::int64_t>(frame)),
            static_cast<float>(0.5 * std::sin(radians_per_frame * static_cast<double>(frame)))};
}

/// Pointer-free: a checkpoint is a copy.
struct SignalProcessor {
    std::uint32_t state = 1;
    float level = 0.1f;

    [[nodiscard]] SignalFrame process(const SignalFrame& in)
    {
        state = state * 1664525u + 1013904223u + std::bit_cast<std::uint32_t>(in[0]);
        level += 0.002f * (1.0f - level);
        return {static_cast<float>(state >> 8) * 0x1p-24f, in[1], level * in[2]};
    }
};

}  // namespace outboard::test
