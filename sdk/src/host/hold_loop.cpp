// SPDX-License-Identifier: MIT

#include "sdk/src/host/hold_loop.hpp"

#include "sdk/src/host/fade.hpp"

#include <algorithm>
#include <cmath>
#include <span>

namespace outboard::host {

namespace {

/// -120 dB: silent from here on, long before the products become denormal.
constexpr double silent_gain = 1e-6;

constexpr std::size_t stride = OutputHistory::capacity_frames;

}  // namespace

HoldLoop::HoldLoop(std::uint32_t channel_count, double sample_rate_hz)
    : channel_count_(channel_count),
      gain_per_frame_(std::exp(-1.0 / (decay_seconds * sample_rate_hz))),
      samples_(channel_count * stride)
{}

void HoldLoop::capture(const OutputHistory& history) noexcept OB_NONBLOCKING
{
    if (history.frame_count() < 2 * fade_frames) {
        loop_frames_ = 0;
        return;
    }
    loop_frames_ = history.frame_count() - fade_frames;
    next_ = {fade_frames % loop_frames_, 1.0};
    for (std::uint32_t channel = 0; channel < channel_count_; ++channel) {
        const std::span<float, stride> loop{samples_.data() + channel * stride, stride};
        std::ranges::transform(history.copy(channel, loop), loop.begin(), finite_or_zero);
        for (std::uint32_t i = 0; i < fade_frames; ++i)
            loop[i] = faded(loop[loop_frames_ + i], loop[i], i);
    }
}

void HoldLoop::render(std::uint32_t channel, float* out, std::uint32_t frame_count) const noexcept
    OB_NONBLOCKING
{
    if (loop_frames_ == 0) {
        std::fill_n(out, frame_count, 0.0f);
        return;
    }
    const float* const loop = samples_.data() + channel * stride;
    Place place = next_;
    for (std::uint32_t i = 0; i < frame_count; ++i) {
        out[i] = static_cast<float>(place.gain * loop[place.frame]);
        place = after(place);
    }
}

void HoldLoop::advance(std::uint32_t frame_count) noexcept OB_NONBLOCKING
{
    if (loop_frames_ == 0)
        return;
    // Frame by frame, as render() does, so that the lengths of the calls leave no trace.
    for (std::uint32_t i = 0; i < frame_count; ++i)
        next_ = after(next_);
}

HoldLoop::Place HoldLoop::after(Place place) const noexcept
{
    const std::uint32_t frame = place.frame + 1 == loop_frames_ ? 0 : place.frame + 1;
    const double gain = place.gain * gain_per_frame_;
    return {frame, gain < silent_gain ? 0.0 : gain};
}

}  // namespace outboard::host
