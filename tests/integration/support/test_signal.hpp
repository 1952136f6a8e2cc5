// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What the tests stream: noise that each frame and channel has of its own, so that a frame in the
/// wrong place is seen, computed wherever it is needed.

#include <cstdint>

namespace outboard::test {

/// Within +-0.5, never 0; the same in every process.
[[nodiscard]] inline float signal_at(std::uint32_t channel, std::int64_t frame) noexcept
{
    // The finaliser of SplitMix64.
    std::uint64_t bits = static_cast<std::uint64_t>(frame) * 64 + channel + 1;
    bits += 0x9e3779b97f4a7c15U;
    bits = (bits ^ (bits >> 30U)) * 0xbf58476d1ce4e5b9U;
    bits = (bits ^ (bits >> 27U)) * 0x94d049bb133111ebU;
    bits ^= bits >> 31U;
    const auto level = static_cast<std::int32_t>(bits >> 41U) - (1 << 22);
    return (static_cast<float>(level) + 0.5f) / static_cast<float>(1 << 23);
}

/// The signal `latency_frames` later; silence before its start.
[[nodiscard]] inline float delayed_signal_at(std::uint32_t channel, std::uint64_t frame,
                                             std::uint64_t latency_frames) noexcept
{
    if (frame < latency_frames)
        return 0.0f;
    return signal_at(channel, static_cast<std::int64_t>(frame - latency_frames));
}

}  // namespace outboard::test
