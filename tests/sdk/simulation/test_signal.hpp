// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The signal of the simulation and what its processor makes of it.
///
///     channel | input                     | output
///     0       | noise                     | depends on all frames since the start: no past, no
///     match 1       | the number of the frame   | the same: whose answer is it? 2       | a sine
///     | at half its level: smooth, so that a click shows

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

    [[nodiscard]] SignalFrame process(const SignalFrame& in)
    {
        state = state * 1664525u + 1013904223u + std::bit_cast<std::uint32_t>(in[0]);
        return {static_cast<float>(state >> 8) * 0x1p-24f, in[1], 0.5f * in[2]};
    }
};

}  // namespace outboard::test
