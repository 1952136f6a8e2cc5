// SPDX-License-Identifier: MIT

#include "plugins/builtin/compressor.hpp"

#include "plugins/builtin/sample_math.hpp"

#include <algorithm>
#include <cmath>

namespace outboard::builtin {
namespace {

/// Factor per frame of an exponential with this time constant.
double decay_factor(double time_ms, double sample_rate_hz) noexcept
{
    return std::exp(-1000.0 / (time_ms * sample_rate_hz));
}

/// 20 log10(2): dB in a factor of two.
constexpr float db_per_octave = 6.0205999F;

/// In single precision, as it runs once a frame; its error is below 0.0001 dB.
double level_db_of(float magnitude) noexcept
{
    constexpr float magnitude_min = 1e-7F;
    constexpr float magnitude_max = 1e7F;  // an infinite input must not stay in the detector
    return double{db_per_octave * std::log2(std::clamp(magnitude, magnitude_min, magnitude_max))};
}

float factor_of(double level_db) noexcept
{
    return std::exp2(static_cast<float>(level_db) / db_per_octave);
}

}  // namespace

constexpr std::array<ob_parameter_info, Compressor::parameter_count> Compressor::parameters{{
    {threshold_db, 0, "threshold_db", "Threshold", "dB", -60.0, 0.0, -20.0},
    {ratio, OB_PARAMETER_LOGARITHMIC, "ratio", "Ratio", ":1", 1.0, 20.0, 3.0},
    {knee_db, 0, "knee_db", "Knee", "dB", 0.0, 24.0, 6.0},
    {attack_ms, OB_PARAMETER_LOGARITHMIC, "attack_ms", "Attack", "ms", 0.1, 200.0, 5.0},
    {release_ms, OB_PARAMETER_LOGARITHMIC, "release_ms", "Release", "ms", 5.0, 3000.0, 120.0},
    {makeup_db, 0, "makeup_db", "Make-up gain", "dB", 0.0, 24.0, 0.0},
    {lookahead_ms, 0, "lookahead_ms", "Lookahead (from the next start)", "ms", 0.0, 10.0, 0.0},
}};
static_assert(ids_are_indices(Compressor::parameters));

double CompressionCurve::reduction_db(double level_db) const noexcept
{
    const double over_db = level_db - threshold_db;
    const double slope = 1.0 - 1.0 / ratio;
    if (2.0 * over_db <= -knee_db)
        return 0.0;
    if (2.0 * over_db >= knee_db)
        return slope * over_db;
    const double into_knee_db = over_db + knee_db / 2.0;
    return slope * into_knee_db * into_knee_db / (2.0 * knee_db);
}

void Compressor::allocate(const PrepareInfo& info, StateRegions& state)
{
    const double rate_hz = info.sample_rate_hz;
    latency_frames_ = frames_from_ms(parameter(lookahead_ms), rate_hz, 0);
    lines_.assign(info.input_channel_count, {});
    state.add(stream_frame_);
    state.add(lookahead_frames_);
    state.add(curve_);
    state.add(attack_);
    state.add(release_);
    state.add(released_db_);
    state.add(reduction_db_);
    state.add(makeup_db_);
    for (auto& line : lines_) {
        line.allocate(frames_from_ms(parameters[lookahead_ms].maximum, rate_hz, 1));
        state.add(line.samples());
    }
}

void Compressor::clear() noexcept
{
    for (auto& line : lines_)
        line.clear();
    stream_frame_ = 0;
    lookahead_frames_ = latency_frames_;
    released_db_ = 0.0;
    reduction_db_ = 0.0;
}

void Compressor::follow_parameters(Change change) noexcept
{
    // The detector smooths whatever the curve does; only the make-up gain has to glide.
    curve_ = {parameter(threshold_db), parameter(ratio), parameter(knee_db)};
    attack_ = decay_factor(parameter(attack_ms), format().sample_rate_hz);
    release_ = decay_factor(parameter(release_ms), format().sample_rate_hz);
    makeup_db_.aim(parameter(makeup_db), glide_frames(change));
}

void Compressor::render(const Segment& segment) noexcept
{
    for (std::uint32_t frame = 0; frame < segment.frame_count; ++frame) {
        const double level_db = peak_level_db(segment, frame);
        const double reduction_db = smoothed_db(curve_.reduction_db(level_db));
        const float gain = factor_of(makeup_db_.next() - reduction_db);
        for (std::size_t channel = 0; channel < lines_.size(); ++channel) {
            DelayLine& line = lines_[channel];
            line.write(stream_frame_, segment.input(channel)[frame]);
            segment.output(channel)[frame] = line.read(stream_frame_, lookahead_frames_) * gain;
        }
        ++stream_frame_;
    }
}

double Compressor::peak_level_db(const Segment& segment, std::uint32_t frame) const noexcept
{
    float magnitude = 0.0F;
    for (std::size_t channel = 0; channel < lines_.size(); ++channel)
        magnitude = std::max(magnitude, std::fabs(segment.input(channel)[frame]));
    return level_db_of(magnitude);
}

double Compressor::smoothed_db(double reduction_db) noexcept
{
    const double falling_db = release_ * released_db_ + (1.0 - release_) * reduction_db;
    released_db_ = without_tiny(std::max(reduction_db, falling_db));
    reduction_db_ = without_tiny(attack_ * reduction_db_ + (1.0 - attack_) * released_db_);
    return reduction_db_;
}

}  // namespace outboard::builtin
