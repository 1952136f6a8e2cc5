// SPDX-License-Identifier: MIT

#include "plugins/builtin/feedback_network.hpp"

#include "plugins/builtin/sample_math.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>

namespace outboard::builtin {
namespace {

constexpr std::size_t line_count = FeedbackNetwork::line_count;
constexpr std::uint32_t cell_frames = FeedbackNetwork::Grid::cell_frames;

/// Lengths at full size, from 25 to 83 ms in uneven steps of about 8 %: a room, no flutter.
constexpr std::array<double, line_count> line_ms{25.31, 27.67, 29.54, 32.17, 34.61, 37.83,
                                                 40.67, 44.29, 47.41, 51.73, 55.81, 60.13,
                                                 65.39, 70.49, 76.81, 82.73};
constexpr double size_scale_min = 0.25;
constexpr double drift_ms_max = 0.25;
constexpr double drift_hz = 0.6;

/// The line is read up to two frames nearer than its length, and a cell is read before it is
/// written: nothing may be shorter.
constexpr float line_frames_min = static_cast<float>(cell_frames + 4);

/// Sign with which a bus enters each line; irregular, or all would meet in one output.
constexpr std::array<float, line_count> entry_sign{1, 1,  -1, 1, 1,  -1, -1, -1,
                                                   1, -1, 1,  1, -1, 1,  1,  -1};

/// A sine in all but name: two parabolas, the same on every machine. Turn: 2^32.
float parabolic_sine(std::uint32_t phase) noexcept
{
    const float turn = static_cast<float>(static_cast<std::int32_t>(phase)) * 0x1p-31F;
    return 4.0F * turn * (1.0F - std::fabs(turn));
}

/// Cubic (Catmull-Rom) interpolation between `at` and `after`. A straight line would dull the
/// sound a little more on each of its many rounds.
float interpolated(float before, float at, float after, float beyond, float position) noexcept
{
    const float slope = 0.5F * (after - before);
    const float a = 1.5F * (at - after) + 0.5F * (beyond - before);
    const float b = after - at - slope - a;
    return at + position * (slope + position * (b + position * a));
}

/// Factor of a line of this length in one round.
double round_gain(double line_frames, double t60_s, double sample_rate_hz) noexcept
{
    return std::exp2(-3.0 * std::numbers::ln10 / std::numbers::ln2 * line_frames /
                     (t60_s * sample_rate_hz));
}

}  // namespace

void FeedbackNetwork::allocate(double sample_rate_hz, StateRegions& state)
{
    sample_rate_hz_ = sample_rate_hz;
    phase_step_ = static_cast<std::uint32_t>(drift_hz * cell_frames / sample_rate_hz * 0x1p32);
    for (std::size_t line = 0; line < line_count; ++line) {
        const double longest_ms = line_ms[line] + drift_ms_max;
        lines_[line].allocate(frames_from_ms(longest_ms, sample_rate_hz, 2 * cell_frames) + 4);
        state.add(lines_[line].samples());
    }
    state.add(absorption_);
    state.add(begin_frames_);
    state.add(end_frames_);
    state.add(injection_);
    state.add(phase_);
    state.add(size_);
    state.add(decay_octaves_);
    state.add(high_ratio_);
    state.add(crossover_octaves_);
    state.add(modulation_);
}

void FeedbackNetwork::clear() noexcept
{
    for (auto& line : lines_)
        line.clear();
    for (auto& absorption : absorption_)
        absorption.z = 0.0F;
    phase_ = 0;
}

void FeedbackNetwork::aim(const NetworkSettings& settings, std::uint32_t glide_cells) noexcept
{
    size_.aim(settings.size, glide_cells);
    decay_octaves_.aim(std::log2(settings.decay_s), glide_cells);
    high_ratio_.aim(settings.high_ratio, glide_cells);
    crossover_octaves_.aim(std::log2(settings.crossover_hz), glide_cells);
    modulation_.aim(settings.modulation, glide_cells);
    if (glide_cells == 0) {
        update_lengths();
        begin_frames_ = end_frames_;
        update_absorption();
    }
}

const FeedbackNetwork::Lanes& FeedbackNetwork::process(const Grid& grid, const Lane& even,
                                                       const Lane& odd,
                                                       std::uint32_t frame_count) noexcept
{
    if (grid.offset() == 0)
        begin_cell();
    for (std::size_t line = 0; line < line_count; ++line)
        read_line(line, grid, frame_count);
    mix_lines();
    for (std::size_t line = 0; line < line_count; ++line)
        write_line(line, line % 2 == 0 ? even : odd, grid, frame_count);
    return lanes_;
}

void FeedbackNetwork::begin_cell() noexcept
{
    const bool absorption_moves = absorption_is_moving();
    for (Ramp* ramp : {&size_, &decay_octaves_, &high_ratio_, &crossover_octaves_, &modulation_})
        ramp->next();
    phase_ += phase_step_;
    begin_frames_ = end_frames_;
    update_lengths();
    if (absorption_moves)
        update_absorption();
}

bool FeedbackNetwork::absorption_is_moving() const noexcept
{
    return size_.is_moving() || decay_octaves_.is_moving() || high_ratio_.is_moving() ||
           crossover_octaves_.is_moving();
}

double FeedbackNetwork::line_frames(std::size_t line) const noexcept
{
    const double scale = size_scale_min + (1.0 - size_scale_min) * size_.value();
    const double frames = line_ms[line] * scale * 0.001 * sample_rate_hz_;
    // At rest a whole number: between two samples, interpolation takes highs away on each round.
    return size_.is_moving() ? frames : std::round(frames);
}

void FeedbackNetwork::update_lengths() noexcept
{
    const double depth_frames = modulation_.value() * drift_ms_max * 0.001 * sample_rate_hz_;
    for (std::size_t line = 0; line < line_count; ++line) {
        const auto line_phase = static_cast<std::uint32_t>(line) << 28U;  // a 16th of a turn apart
        const double drift_frames = depth_frames * double{parabolic_sine(phase_ + line_phase)};
        const auto frames_max =
            static_cast<float>(frames_from_ms(line_ms[line] + drift_ms_max, sample_rate_hz_, 1));
        end_frames_[line] = std::clamp(static_cast<float>(line_frames(line) + drift_frames),
                                       line_frames_min, std::max(frames_max, line_frames_min));
    }
}

void FeedbackNetwork::update_absorption() noexcept
{
    const double decay_s = std::exp2(decay_octaves_.value());
    const double high_decay_s = decay_s * high_ratio_.value();
    const double crossover_hz =
        std::min(std::exp2(crossover_octaves_.value()), 0.45 * sample_rate_hz_);
    const double warped = std::tan(std::numbers::pi * crossover_hz / sample_rate_hz_);
    double gain_sum = 0.0;
    for (std::size_t line = 0; line < line_count; ++line) {
        const double low_gain = round_gain(line_frames(line), decay_s, sample_rate_hz_);
        const double high_gain = round_gain(line_frames(line), high_decay_s, sample_rate_hz_);
        // Analog prototype g (1 + s r/w) / (1 + s/(r w)) with r^2 the ratio of the two gains, so
        // that half of the difference in dB is reached at w; then the bilinear transform.
        const double root = std::max(std::sqrt(high_gain / low_gain), 0.03);
        const double zero = root / warped;
        const double pole = 1.0 / (root * warped);
        absorption_[line].b0 = static_cast<float>(low_gain * (1.0 + zero) / (1.0 + pole));
        absorption_[line].b1 = static_cast<float>(low_gain * (1.0 - zero) / (1.0 + pole));
        absorption_[line].a1 = static_cast<float>((1.0 - pole) / (1.0 + pole));
        gain_sum += low_gain;
    }
    // Steady sound builds up until as much is absorbed as comes in. Letting in this much makes
    // wet as loud as dry, whatever the decay; very short decays would ask for too much at once.
    const double gain = gain_sum / static_cast<double>(line_count);
    injection_ = static_cast<float>(std::sqrt(1.0 - gain * gain) / std::max(gain, 0.5));
}

void FeedbackNetwork::read_line(std::size_t line, const Grid& grid,
                                std::uint32_t frame_count) noexcept
{
    const DelayLine& past = lines_[line];
    Lane& lane = lanes_[line];
    const float begin = begin_frames_[line];
    const float slope = (end_frames_[line] - begin) / static_cast<float>(cell_frames);
    Absorption filter = absorption_[line];
    for (std::uint32_t index = 0; index < frame_count; ++index) {
        const float delay = begin + slope * static_cast<float>(grid.offset() + index);
        const auto whole = static_cast<std::uint32_t>(delay);
        const std::uint64_t frame = grid.frame() + index;
        const float tap = interpolated(past.read(frame, whole - 1), past.read(frame, whole),
                                       past.read(frame, whole + 1), past.read(frame, whole + 2),
                                       delay - static_cast<float>(whole));
        const float absorbed = filter.b0 * tap + filter.z;
        filter.z = without_tiny(filter.b1 * tap - filter.a1 * absorbed);
        lane[index] = absorbed;
    }
    absorption_[line].z = filter.z;
}

void FeedbackNetwork::mix_lines() noexcept
{
    for (std::size_t distance = 1; distance < line_count; distance *= 2) {
        for (std::size_t line = 0; line < line_count; ++line) {
            if ((line & distance) != 0)
                continue;
            Lane& upper = lanes_[line];
            Lane& lower = lanes_[line + distance];
            for (std::size_t index = 0; index < cell_frames; ++index) {
                // Halved every other time: 1/4 in all, which makes the matrix orthogonal.
                const float scale = distance == 2 || distance == 8 ? 0.5F : 1.0F;
                const float sum = upper[index] + lower[index];
                const float difference = upper[index] - lower[index];
                upper[index] = sum * scale;
                lower[index] = difference * scale;
            }
        }
    }
}

void FeedbackNetwork::write_line(std::size_t line, const Lane& bus, const Grid& grid,
                                 std::uint32_t frame_count) noexcept
{
    const float entry = entry_sign[line] * injection_;
    for (std::uint32_t index = 0; index < frame_count; ++index) {
        lines_[line].write(grid.frame() + index,
                           without_tiny(entry * bus[index] + lanes_[line][index]));
    }
}

bool FeedbackNetwork::is_valid() const noexcept
{
    // Within a float's whole numbers, which also keeps every conversion to an index defined.
    const auto is_length = [](float frames) {
        return frames >= line_frames_min && frames <= 0x1p24F;
    };
    return std::all_of(begin_frames_.begin(), begin_frames_.end(), is_length) &&
           std::all_of(end_frames_.begin(), end_frames_.end(), is_length) && size_.is_finite() &&
           modulation_.is_finite();
}

}  // namespace outboard::builtin
