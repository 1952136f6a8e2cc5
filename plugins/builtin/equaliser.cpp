// SPDX-License-Identifier: MIT

#include "plugins/builtin/equaliser.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace outboard::builtin {

namespace {

constexpr std::uint32_t logarithmic = OB_PARAMETER_LOGARITHMIC;
constexpr std::uint32_t stepped = OB_PARAMETER_STEPPED;
constexpr double butterworth_q = 1.0 / std::numbers::sqrt2;

/// Runs one filter over `samples`, in place.
void filter(const BandFilter& band, BiquadState& state, std::span<double> samples) noexcept
{
    std::uint32_t frame = 0;
    const auto moving_frames =
        std::min(band.left_frames, static_cast<std::uint32_t>(samples.size()));
    for (; frame < moving_frames; ++frame)
        samples[frame] = state.next(band.after(frame + 1), samples[frame]);
    const BiquadCoefficients settled = band.to;
    for (; frame < samples.size(); ++frame)
        samples[frame] = state.next(settled, samples[frame]);
}

}  // namespace

constexpr std::array<ob_parameter_info, Equaliser::parameter_count> Equaliser::parameters{{
    {low_cut_on, stepped, "low_cut_on", "Low cut", "", 0, 1, 0},
    {low_cut_hz, logarithmic, "low_cut_hz", "Low cut frequency", "Hz", 10, 2000, 80},
    {low_shelf_hz, logarithmic, "low_shelf_hz", "Low shelf frequency", "Hz", 20, 2000, 150},
    {low_shelf_db, 0, "low_shelf_db", "Low shelf gain", "dB", -24, 24, 0},
    {peak_hz, logarithmic, "peak1_hz", "Peak 1 frequency", "Hz", 20, 20'000, 250},
    {peak_db, 0, "peak1_db", "Peak 1 gain", "dB", -24, 24, 0},
    {peak_q, logarithmic, "peak1_q", "Peak 1 Q", "", 0.1, 18, 0.7},
    {peak_hz + 3, logarithmic, "peak2_hz", "Peak 2 frequency", "Hz", 20, 20'000, 800},
    {peak_db + 3, 0, "peak2_db", "Peak 2 gain", "dB", -24, 24, 0},
    {peak_q + 3, logarithmic, "peak2_q", "Peak 2 Q", "", 0.1, 18, 0.7},
    {peak_hz + 6, logarithmic, "peak3_hz", "Peak 3 frequency", "Hz", 20, 20'000, 2500},
    {peak_db + 6, 0, "peak3_db", "Peak 3 gain", "dB", -24, 24, 0},
    {peak_q + 6, logarithmic, "peak3_q", "Peak 3 Q", "", 0.1, 18, 0.7},
    {peak_hz + 9, logarithmic, "peak4_hz", "Peak 4 frequency", "Hz", 20, 20'000, 6000},
    {peak_db + 9, 0, "peak4_db", "Peak 4 gain", "dB", -24, 24, 0},
    {peak_q + 9, logarithmic, "peak4_q", "Peak 4 Q", "", 0.1, 18, 0.7},
    {high_shelf_hz, logarithmic, "high_shelf_hz", "High shelf frequency", "Hz", 500, 20'000, 8000},
    {high_shelf_db, 0, "high_shelf_db", "High shelf gain", "dB", -24, 24, 0},
    {high_cut_on, stepped, "high_cut_on", "High cut", "", 0, 1, 0},
    {high_cut_hz, logarithmic, "high_cut_hz", "High cut frequency", "Hz", 500, 20'000, 16'000},
}};
static_assert(ids_are_indices(Equaliser::parameters));

void BandFilter::aim(const BiquadCoefficients& target, std::uint32_t frame_count) noexcept
{
    if (frame_count != 0 && target == to)
        return;
    from = after(0);
    to = target;
    move_frames = frame_count;
    left_frames = frame_count;
}

BiquadCoefficients BandFilter::after(std::uint32_t frame_count) const noexcept
{
    if (frame_count >= left_frames)
        return to;
    const std::uint32_t done_frames = move_frames - left_frames + frame_count;
    return mixture(from, to, static_cast<double>(done_frames) / move_frames);
}

void BandFilter::advance(std::uint32_t frame_count) noexcept
{
    left_frames -= std::min(left_frames, frame_count);
}

Equaliser::BandCoefficients Equaliser::coefficients() const noexcept
{
    const double rate_hz = format().sample_rate_hz;
    BandCoefficients bands{};
    if (parameter(low_cut_on) != 0.0)
        bands[0] = low_cut({parameter(low_cut_hz), rate_hz}, butterworth_q);
    bands[1] = low_shelf({parameter(low_shelf_hz), rate_hz}, parameter(low_shelf_db));
    for (std::uint32_t index = 0; index < peak_count; ++index) {
        const std::uint32_t first = 3 * index;
        bands[2 + index] = peak({parameter(peak_hz + first), rate_hz}, parameter(peak_db + first),
                                parameter(peak_q + first));
    }
    bands[band_count - 2] =
        high_shelf({parameter(high_shelf_hz), rate_hz}, parameter(high_shelf_db));
    if (parameter(high_cut_on) != 0.0)
        bands[band_count - 1] = high_cut({parameter(high_cut_hz), rate_hz}, butterworth_q);
    return bands;
}

void Equaliser::allocate(const PrepareInfo& info, StateRegions& state)
{
    channels_.assign(info.input_channel_count, {});
    state.add(grid_);
    state.add(bands_);
    state.add(std::span{channels_});
}

void Equaliser::clear() noexcept
{
    std::fill(channels_.begin(), channels_.end(), ChannelState{});
    grid_.reset();
}

void Equaliser::follow_parameters(Change change) noexcept
{
    const BandCoefficients targets = coefficients();
    for (std::size_t band = 0; band < band_count; ++band)
        bands_[band].aim(targets[band], glide_frames(change));
}

void Equaliser::render(const Segment& segment) noexcept
{
    std::uint32_t done_frames = 0;
    while (done_frames < segment.frame_count) {
        const auto count = grid_.frames_within_cell(segment.frame_count - done_frames);
        const Segment part = segment.part(done_frames, count);
        for (std::size_t channel = 0; channel < channels_.size(); ++channel)
            render_channel({part.input(channel), count}, part.output(channel), channels_[channel]);
        for (auto& band : bands_)
            band.advance(count);
        grid_.advance(count);
        if (grid_.offset() == 0)
            drop_tiny_states();
        done_frames += count;
    }
}

void Equaliser::render_channel(std::span<const float> in, float* out,
                               ChannelState& state) const noexcept
{
    std::array<double, Grid::cell_frames> samples;  // NOLINT(*-member-init): filled below
    const std::span used{samples.data(), in.size()};
    std::copy(in.begin(), in.end(), used.begin());
    for (std::size_t band = 0; band < band_count; ++band)
        filter(bands_[band], state[band], used);
    std::transform(used.begin(), used.end(), out,
                   [](double sample) { return static_cast<float>(sample); });
}

void Equaliser::drop_tiny_states() noexcept
{
    for (auto& channel : channels_) {
        for (auto& state : channel)
            state.drop_tiny();
    }
}

std::uint64_t Equaliser::tail_frames() const noexcept
{
    double radius_max = 0.0;
    for (const auto& band : coefficients())
        radius_max = std::max(radius_max, pole_radius(band));
    const double decay_nepers = 3.0 * std::numbers::ln10;
    const double frames = radius_max < 1e-6 ? 0.0 : -decay_nepers / std::log(radius_max);
    return static_cast<std::uint64_t>(std::ceil(frames));
}

}  // namespace outboard::builtin
