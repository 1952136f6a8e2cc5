// SPDX-License-Identifier: MIT

#include "plugins/builtin/gain.hpp"

#include "plugins/builtin/sample_math.hpp"

namespace outboard::builtin {

constexpr std::array<ob_parameter_info, Gain::parameter_count> Gain::parameters{{
    {gain_db, 0, "gain_db", "Gain", "dB", -60.0, 24.0, 0.0},
}};
static_assert(ids_are_indices(Gain::parameters));

void Gain::allocate(const PrepareInfo& /*info*/, StateRegions& state)
{
    state.add(gain_);
}

void Gain::follow_parameters(Change change) noexcept
{
    const double level_db = parameter(gain_db);
    const bool is_muted = level_db <= parameters[gain_db].minimum;
    gain_.aim(is_muted ? 0.0 : gain_from_db(level_db), glide_frames(change));
}

void Gain::render(const Segment& segment) noexcept
{
    std::uint32_t moving_frames = 0;
    while (moving_frames < segment.frame_count && gain_.is_moving()) {
        render_moving(segment.part(moving_frames, 1));
        ++moving_frames;
    }
    render_settled(segment.part(moving_frames, segment.frame_count - moving_frames));
}

void Gain::render_moving(const Segment& segment) noexcept
{
    const auto gain = static_cast<float>(gain_.next());
    for (std::uint32_t channel = 0; channel < format().input_channel_count; ++channel)
        *segment.output(channel) = *segment.input(channel) * gain;
}

void Gain::render_settled(const Segment& segment) const noexcept
{
    const auto gain = static_cast<float>(gain_.value());
    for (std::uint32_t channel = 0; channel < format().input_channel_count; ++channel) {
        const float* const in = segment.input(channel);
        float* const out = segment.output(channel);
        for (std::uint32_t frame = 0; frame < segment.frame_count; ++frame)
            out[frame] = in[frame] * gain;
    }
}

}  // namespace outboard::builtin
