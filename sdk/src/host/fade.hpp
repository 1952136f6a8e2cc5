// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The fade between two sources: equal gain, because they are correlated (the same sound, processed
/// in two ways), and a raised cosine, because a corner in the gain is heard as a click.

#include <array>
#include <cmath>
#include <cstdint>

namespace outboard::host {

inline constexpr std::uint32_t fade_frames = 64;

/// Gain of the new source in each frame of a fade: 0.5 - 0.5 cos(pi (i + 0.5) / 64). The old one
/// has the gain at the mirrored index.
/// Cut to 24 binary places, so that the two add up to exactly 1.
[[nodiscard]] constexpr std::array<float, fade_frames> make_fade_gains() noexcept
{
    constexpr double cos_half_step = 0.99969881869620421997;  // cos(pi / 128)
    constexpr double cos_step = 0.99879545620517239271;       // cos(pi / 64)
    constexpr double places = 1 << 24;

    std::array<float, fade_frames> gains{};
    double cosine_before = cos_half_step;  // the cosine is even: its value half a step before 0
    double cosine = cos_half_step;
    for (std::uint32_t i = 0; i < fade_frames / 2; ++i) {
        const auto cut = static_cast<std::int32_t>((0.5 - 0.5 * cosine) * places);
        gains[i] = static_cast<float>(cut / places);
        gains[fade_frames - 1 - i] = 1.0f - gains[i];
        const double cosine_after = 2.0 * cos_step * cosine - cosine_before;
        cosine_before = cosine;
        cosine = cosine_after;
    }
    return gains;
}

inline constexpr std::array<float, fade_frames> fade_gains = make_fade_gains();

/// 0 in place of what is not a number or infinite, so that a fade or a loop never spreads it.
[[nodiscard]] inline float finite_or_zero(float sample) noexcept
{
    return std::isfinite(sample) ? sample : 0.0f;
}

/// One frame of a fade. Equal sources give exactly that value, and the result is never louder than
/// the louder of the two.
/// @param frame  0 .. fade_frames - 1
[[nodiscard]] inline float faded(float from, float to, std::uint32_t frame) noexcept
{
    const double start = finite_or_zero(from);
    return static_cast<float>(start + fade_gains[frame] * (finite_or_zero(to) - start));
}

}  // namespace outboard::host
