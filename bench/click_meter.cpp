// SPDX-License-Identifier: MIT

#include "bench/click_meter.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <random>

namespace outboard::bench {

namespace {

constexpr double pi = std::numbers::pi;
constexpr std::size_t tap_count = 513;
constexpr std::size_t centre = tap_count / 2;
constexpr std::size_t window_frames = 480;

/// One half of a symmetrical low-pass, the centre first.
std::array<double, centre + 1> low_pass(double cutoff_hz)
{
    const double cutoff = cutoff_hz / sample_rate_hz;
    std::array<double, centre + 1> taps{2.0 * cutoff};
    for (std::size_t i = 1; i <= centre; ++i) {
        const auto x = static_cast<double>(i);
        const double turn = pi * x / static_cast<double>(centre);
        const double window = 0.42 + 0.5 * std::cos(turn) + 0.08 * std::cos(2.0 * turn);
        taps[i] = window * std::sin(2.0 * pi * cutoff * x) / (pi * x);
    }
    return taps;
}

std::array<double, centre + 1> high_pass(double cutoff_hz)
{
    auto taps = low_pass(cutoff_hz);
    for (double& tap : taps)
        tap = -tap;
    taps[0] += 1.0;
    return taps;
}

double filtered(std::span<const float> signal, std::size_t frame,
                const std::array<double, centre + 1>& taps)
{
    const float* const here = signal.data() + frame;
    double sum = taps[0] * here[0];
    for (std::size_t i = 1; i <= centre; ++i)
        sum += taps[i] * (static_cast<double>(*(here - i)) + here[i]);
    return sum;
}

}  // namespace

std::vector<float> sine(std::size_t frame_count, double amplitude, double phase_radians)
{
    std::vector<float> signal(frame_count);
    for (std::size_t i = 0; i < frame_count; ++i) {
        const double turn = 2.0 * pi * 1'000.0 * static_cast<double>(i) / sample_rate_hz;
        signal[i] = static_cast<float>(amplitude * std::sin(turn + phase_radians));
    }
    return signal;
}

std::vector<float> voice(std::size_t frame_count, double amplitude, double phase_radians)
{
    static const auto breath_taps = low_pass(4'000.0);
    const auto breath = noise(frame_count + 2 * centre, 1.0, 1);
    std::vector<float> signal(frame_count);
    for (std::size_t i = 0; i < frame_count; ++i) {
        const double turn = 2.0 * pi * 140.0 * static_cast<double>(i) / sample_rate_hz;
        double sum = 0.01 * filtered(breath, i + centre, breath_taps);
        for (int harmonic = 1; harmonic <= 20; ++harmonic)
            sum += std::sin(harmonic * turn + harmonic * harmonic + phase_radians) / harmonic;
        signal[i] = static_cast<float>(amplitude * sum / 2.0);
    }
    return signal;
}

std::vector<float> noise(std::size_t frame_count, double amplitude, unsigned seed)
{
    std::minstd_rand random{seed};
    std::uniform_real_distribution<double> value{-amplitude, amplitude};
    std::vector<float> signal(frame_count);
    std::generate(signal.begin(), signal.end(), [&] { return static_cast<float>(value(random)); });
    return signal;
}

double click_dbfs(std::span<const float> signal, std::size_t first, std::size_t last)
{
    static const auto taps = high_pass(10'000.0);
    const std::size_t begin = first - window_frames;
    std::vector<double> powers(last - first + 2 * window_frames);
    for (std::size_t i = 0; i < powers.size(); ++i) {
        const double value = filtered(signal, begin + i, taps);
        powers[i] = value * value;
    }
    double energy = 0.0;
    double loudest = 0.0;
    for (std::size_t i = 0; i < powers.size(); ++i) {
        energy += powers[i] - (i < window_frames ? 0.0 : powers[i - window_frames]);
        loudest = std::max(loudest, energy);
    }
    return 10.0 * std::log10(loudest / window_frames + 1e-20);
}

}  // namespace outboard::bench
