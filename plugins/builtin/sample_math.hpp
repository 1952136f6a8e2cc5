// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Conversions between what people turn (dB, ms) and what is computed (factors, frames).

#include <cmath>
#include <cstdint>
#include <numbers>

namespace outboard::builtin {

/// Factor of a level in dB. [rt]
[[nodiscard]] inline double gain_from_db(double level_db) noexcept
{
    return std::pow(10.0, level_db / 20.0);
}

/// Whole frames nearest to a time, at least `frames_min`. [rt]
[[nodiscard]] inline std::uint32_t frames_from_ms(double time_ms, double sample_rate_hz,
                                                  std::uint32_t frames_min) noexcept
{
    const double frames = std::round(time_ms * 0.001 * sample_rate_hz);
    return frames < frames_min ? frames_min : static_cast<std::uint32_t>(frames);
}

/// Coefficient c of the one-pole low-pass y += c (x - y) with this corner. [rt]
[[nodiscard]] inline double one_pole_coefficient(double corner_hz, double sample_rate_hz) noexcept
{
    return 1.0 - std::exp(-2.0 * std::numbers::pi * corner_hz / sample_rate_hz);
}

/// Cuts what is 300 dB below full scale. Every recursion passes its state through this, so that it
/// ends in exact zeros and never in denormals, which cost a hundred times as much where they are
/// not flushed by the CPU. Compiles to a compare and a mask. [rt]
[[nodiscard]] inline float without_tiny(float value) noexcept
{
    constexpr float inaudible = 1e-15F;
    return std::fabs(value) < inaudible ? 0.0F : value;
}
[[nodiscard]] inline double without_tiny(double value) noexcept
{
    constexpr double inaudible = 1e-15;
    return std::fabs(value) < inaudible ? 0.0 : value;
}

}  // namespace outboard::builtin
