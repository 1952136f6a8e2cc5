// SPDX-License-Identifier: MIT

#include "plugins/builtin/delay.hpp"

#include "plugins/builtin/sample_math.hpp"

#include <algorithm>
#include <cmath>

namespace outboard::builtin {

constexpr std::array<ob_parameter_info, Delay::parameter_count> Delay::parameters{{
    {time_ms, OB_PARAMETER_LOGARITHMIC, "time_ms", "Time", "ms", 1.0, 2000.0, 350.0},
    {feedback, 0, "feedback", "Feedback", "", 0.0, 0.95, 0.35},
    {mix, 0, "mix", "Mix", "", 0.0, 1.0, 0.3},
    {high_cut_hz, OB_PARAMETER_LOGARITHMIC, "high_cut_hz", "High cut", "Hz", 500.0, 20'000.0,
     6000.0},
}};
static_assert(ids_are_indices(Delay::parameters));

void Delay::allocate(const PrepareInfo& info, StateRegions& state)
{
    const auto delay_frames_max =
        frames_from_ms(parameters[time_ms].maximum, info.sample_rate_hz, 1);
    lines_.assign(info.input_channel_count, {});
    damped_.assign(info.input_channel_count, 0.0F);
    state.add(stream_frame_);
    state.add(tap_);
    state.add(feedback_);
    state.add(mix_);
    state.add(damping_);
    state.add(std::span{damped_});
    for (auto& line : lines_) {
        line.allocate(delay_frames_max);
        state.add(line.samples());
    }
}

void Delay::clear() noexcept
{
    for (auto& line : lines_)
        line.clear();
    std::fill(damped_.begin(), damped_.end(), 0.0F);
    stream_frame_ = 0;
}

void Delay::follow_parameters(Change change) noexcept
{
    const double rate_hz = format().sample_rate_hz;
    tap_.move_to(frames_from_ms(parameter(time_ms), rate_hz, 1), glide_frames(change, 30.0));
    feedback_.aim(parameter(feedback), glide_frames(change));
    mix_.aim(parameter(mix), glide_frames(change));
    damping_.aim(one_pole_coefficient(parameter(high_cut_hz), rate_hz), glide_frames(change));
}

void Delay::render(const Segment& segment) noexcept
{
    for (std::uint32_t frame = 0; frame < segment.frame_count; ++frame)
        render_frame(segment, frame);
}

void Delay::render_frame(const Segment& segment, std::uint32_t frame) noexcept
{
    const auto feedback_gain = static_cast<float>(feedback_.next());
    const auto wet_gain = static_cast<float>(mix_.next());
    const auto damping = static_cast<float>(damping_.next());
    for (std::size_t channel = 0; channel < lines_.size(); ++channel) {
        const float in = segment.input(channel)[frame];
        const float wet = tap_.read(lines_[channel], stream_frame_);
        float& damped = damped_[channel];
        damped = without_tiny(damped + damping * (wet - damped));
        lines_[channel].write(stream_frame_, in + feedback_gain * damped);
        segment.output(channel)[frame] = in * (1.0F - wet_gain) + wet * wet_gain;
    }
    tap_.advance();
    ++stream_frame_;
}

std::uint64_t Delay::tail_frames() const noexcept
{
    const double echo_frames = parameter(time_ms) * 0.001 * format().sample_rate_hz;
    const double gain = parameter(feedback);
    const double echo_count = gain < 0.001 ? 1.0 : 1.0 + std::ceil(-3.0 / std::log10(gain));
    return static_cast<std::uint64_t>(std::ceil(echo_frames * echo_count));
}

}  // namespace outboard::builtin
