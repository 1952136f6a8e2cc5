// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Signals to switch between, and how loud a switch clicks: what a 10 kHz high-pass leaves of a
/// signal that has nothing there. All at 48 kHz.

#include <cstddef>
#include <span>
#include <vector>

namespace outboard::bench {

inline constexpr double sample_rate_hz = 48'000.0;

/// 1 kHz, 48 frames a period.
[[nodiscard]] std::vector<float> sine(std::size_t frame_count, double amplitude,
                                      double phase_radians);

/// 20 harmonics of 140 Hz, each at 1 / its number, with noise below 4 kHz, 40 dB lower.
[[nodiscard]] std::vector<float> voice(std::size_t frame_count, double amplitude,
                                       double phase_radians);

/// White noise, the same for the same seed.
[[nodiscard]] std::vector<float> noise(std::size_t frame_count, double amplitude, unsigned seed);

/// Root mean square of the loudest 10 ms above 10 kHz, of all that reach into the frames
/// [first, last), in dBFS. High-pass: 513 taps, a sinc in a Blackman window.
/// @pre  the signal goes on for 800 frames on both sides
[[nodiscard]] double click_dbfs(std::span<const float> signal, std::size_t first, std::size_t last);

}  // namespace outboard::bench
