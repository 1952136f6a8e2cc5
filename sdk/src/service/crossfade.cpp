// SPDX-License-Identifier: MIT

#include "sdk/src/service/crossfade.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace outboard::service {
namespace {

using Gains = std::array<float, Crossfade::frame_count + 1>;

/// Gain of the second source at each position.
[[nodiscard]] Gains raised_cosine() noexcept
{
    Gains gains{};
    for (std::size_t position = 0; position < gains.size(); ++position) {
        const double angle =
            std::numbers::pi * static_cast<double>(position) / Crossfade::frame_count;
        gains[position] = static_cast<float>(0.5 - 0.5 * std::cos(angle));
    }
    return gains;
}

const Gains gains = raised_cosine();

}  // namespace

void Crossfade::mix(const float* first, const float* second, std::span<float> out) const noexcept
    OB_NONBLOCKING
{
    for (std::size_t frame = 0; frame < out.size(); ++frame) {
        const std::uint32_t position = position_after(frame + 1);
        // The ends are exact, whatever the other source holds.
        if (position == 0) {
            out[frame] = first[frame];
        } else if (position == frame_count) {
            out[frame] = second[frame];
        } else {
            const float gain = gains[position];
            out[frame] = (1.0F - gain) * first[frame] + gain * second[frame];
        }
    }
}

std::uint32_t Crossfade::position_after(std::size_t frames) const noexcept
{
    const auto steps = static_cast<std::uint32_t>(std::min<std::size_t>(frames, frame_count));
    if (target_ > position_)
        return std::min(position_ + steps, target_);
    return position_ - std::min(steps, position_ - target_);
}

}  // namespace outboard::service
