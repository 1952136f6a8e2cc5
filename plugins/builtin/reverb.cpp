// SPDX-License-Identifier: MIT

#include "plugins/builtin/reverb.hpp"

#include "plugins/builtin/sample_math.hpp"

#include <algorithm>
#include <cmath>

namespace outboard::builtin {

constexpr std::array<ob_parameter_info, Reverb::parameter_count> Reverb::parameters{{
    {mix, 0, "mix", "Mix", "", 0.0, 1.0, 0.3},
    {decay_s, OB_PARAMETER_LOGARITHMIC, "decay_s", "Decay (T60)", "s", 0.1, 20.0, 1.6},
    {size, 0, "size", "Size", "", 0.0, 1.0, 0.6},
    {predelay_ms, 0, "predelay_ms", "Pre-delay", "ms", 0.0, Diffuser::predelay_ms_max, 15.0},
    {damping, 0, "damping", "Damping of highs", "", 0.0, 1.0, 0.6},
    {damping_hz, OB_PARAMETER_LOGARITHMIC, "damping_hz", "Damping from", "Hz", 500.0, 16'000.0,
     4000.0},
    {low_cut_hz, OB_PARAMETER_LOGARITHMIC, "low_cut_hz", "Low cut", "Hz", 10.0, 1000.0, 120.0},
    {width, 0, "width", "Width", "", 0.0, 1.0, 1.0},
    {modulation, 0, "modulation", "Modulation", "", 0.0, 1.0, 0.4},
}};
static_assert(ids_are_indices(Reverb::parameters));

void Reverb::allocate(const PrepareInfo& info, StateRegions& state)
{
    // Many channels together make no louder a room than two.
    bus_gain_ = std::sqrt(2.0F / static_cast<float>(std::max(info.input_channel_count, 2U)));
    for (std::size_t bus = 0; bus < diffusers_.size(); ++bus)
        diffusers_[bus].allocate(info.sample_rate_hz, bus, state);
    network_.allocate(info.sample_rate_hz, state);
    state.add(grid_);
    state.add(predelay_);
    state.add(mix_);
    state.add(width_);
    state.add(low_cut_);
}

void Reverb::clear() noexcept
{
    for (auto& diffuser : diffusers_)
        diffuser.clear();
    network_.clear();
    grid_.reset();
}

void Reverb::follow_parameters(Change change) noexcept
{
    const double rate_hz = format().sample_rate_hz;
    predelay_.move_to(frames_from_ms(parameter(predelay_ms), rate_hz, 0),
                      glide_frames(change, 30.0));
    mix_.aim(parameter(mix), glide_frames(change));
    width_.aim(parameter(width), glide_frames(change));
    low_cut_.aim(one_pole_coefficient(parameter(low_cut_hz), rate_hz), glide_frames(change));
    // Slowly: a growing room is heard as a falling pitch.
    const std::uint32_t glide = glide_frames(change, 200.0);
    network_.aim({.size = parameter(size),
                  .decay_s = parameter(decay_s),
                  .high_ratio = 1.0 - 0.9 * parameter(damping),
                  .crossover_hz = parameter(damping_hz),
                  .modulation = parameter(modulation)},
                 (glide + Grid::cell_frames - 1) / Grid::cell_frames);
}

void Reverb::render(const Segment& segment) noexcept
{
    std::uint32_t done_frames = 0;
    while (done_frames < segment.frame_count) {
        const auto count = grid_.frames_within_cell(segment.frame_count - done_frames);
        render_within_cell(segment.part(done_frames, count));
        done_frames += count;
    }
}

void Reverb::render_within_cell(const Segment& segment) noexcept
{
    fill_buses(segment);
    const bool is_mono = format().input_channel_count == 1;
    const Lanes& wet =
        network_.process(grid_, buses_[0], buses_[is_mono ? 0 : 1], segment.frame_count);
    for (std::uint32_t frame = 0; frame < segment.frame_count; ++frame)
        mix_frame(segment, wet, frame);
    grid_.advance(segment.frame_count);
}

void Reverb::fill_buses(const Segment& segment) noexcept
{
    const std::uint32_t bus_count = format().input_channel_count == 1 ? 1 : 2;
    for (std::uint32_t frame = 0; frame < segment.frame_count; ++frame) {
        const auto low_cut = static_cast<float>(low_cut_.next());
        for (std::uint32_t bus = 0; bus < bus_count; ++bus) {
            buses_[bus][frame] = diffusers_[bus].next(
                grid_.frame() + frame, bus_input(segment, bus, frame), predelay_, low_cut);
        }
        predelay_.advance();
    }
}

float Reverb::bus_input(const Segment& segment, std::uint32_t bus,
                        std::uint32_t frame) const noexcept
{
    float sum = 0.0F;
    for (std::uint32_t channel = bus; channel < format().input_channel_count; channel += 2)
        sum += segment.input(channel)[frame];
    return sum * bus_gain_;
}

void Reverb::mix_frame(const Segment& segment, const Lanes& wet, std::uint32_t frame) noexcept
{
    const std::uint32_t channel_count = format().output_channel_count;
    const auto lane_of = [](std::uint32_t channel) {
        return channel % FeedbackNetwork::line_count;
    };
    const auto wet_gain = static_cast<float>(mix_.next());
    const auto side_gain = static_cast<float>(width_.next());
    float sum = 0.0F;
    for (std::uint32_t channel = 0; channel < channel_count; ++channel)
        sum += wet[lane_of(channel)][frame];
    const auto count = static_cast<float>(channel_count);
    const float middle = sum / count;
    // The channels are uncorrelated, so narrowing takes power away: give it back.
    const float narrow = (1.0F - side_gain * side_gain) / count;
    const float level = 1.0F / std::sqrt(side_gain * side_gain + narrow);
    for (std::uint32_t channel = 0; channel < channel_count; ++channel) {
        const float own = wet[lane_of(channel)][frame];
        const float room = (middle + side_gain * (own - middle)) * level;
        const float dry = segment.input(format().input_channel_count == 1 ? 0 : channel)[frame];
        segment.output(channel)[frame] = dry * (1.0F - wet_gain) + room * wet_gain;
    }
}

std::uint64_t Reverb::tail_frames() const noexcept
{
    const double seconds = parameter(decay_s) + parameter(predelay_ms) * 0.001;
    return static_cast<std::uint64_t>(std::ceil(seconds * format().sample_rate_hz));
}

}  // namespace outboard::builtin
