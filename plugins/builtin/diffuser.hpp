// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What a sound passes on its way into the reverb: a pause, a low cut, and four all-pass filters
/// that turn a click into a dense burst, so that the network's first echoes are not heard one by
/// one.

#include "plugins/builtin/checkpoint.hpp"
#include "plugins/builtin/delay_line.hpp"
#include "plugins/builtin/fading_tap.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace outboard::builtin {

class Diffuser {
public:
    static constexpr std::size_t stage_count = 4;
    static constexpr double predelay_ms_max = 150.0;

    /// @param variant  0 or 1: different lengths, so that two diffusers do not sound alike
    /// [!rt]
    void allocate(double sample_rate_hz, std::size_t variant, StateRegions& state);
    void clear() noexcept;

    /// One sample in, one out. [rt]
    [[nodiscard]] float next(std::uint64_t frame, float in, const FadingTap& predelay,
                             float low_cut) noexcept;

private:
    DelayLine predelay_;
    std::array<DelayLine, stage_count> stages_;
    std::array<std::uint32_t, stage_count> stage_frames_{};
    float low_ = 0.0F;  ///< what the low cut takes away
};

}  // namespace outboard::builtin
