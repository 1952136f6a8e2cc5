// SPDX-License-Identifier: MIT

#include "plugins/builtin/biquad.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace outboard::builtin {
namespace {

/// The cookbook's intermediate quantities.
struct Angle {
    double cosine;
    double alpha;  ///< sin(w0) / (2 Q)
};

Angle angle_of(BiquadPlace place, double q) noexcept
{
    const double frequency_hz = std::min(place.frequency_hz, 0.49 * place.sample_rate_hz);
    const double w0 = 2.0 * std::numbers::pi * frequency_hz / place.sample_rate_hz;
    return {std::cos(w0), std::sin(w0) / (2.0 * q)};
}

struct Unscaled {
    double b0, b1, b2, a0, a1, a2;
};

BiquadCoefficients scaled(const Unscaled& u) noexcept
{
    return {u.b0 / u.a0, u.b1 / u.a0, u.b2 / u.a0, u.a1 / u.a0, u.a2 / u.a0};
}

/// The cookbook's A: the square root of the gain, as a factor.
double amplitude(double gain_db) noexcept
{
    return std::pow(10.0, gain_db / 40.0);
}

/// Both shelves have slope S = 1, the steepest without overshoot.
constexpr double shelf_q = 1.0 / std::numbers::sqrt2;

}  // namespace

BiquadCoefficients low_cut(BiquadPlace place, double q) noexcept
{
    const auto [c, alpha] = angle_of(place, q);
    return scaled({(1 + c) / 2, -(1 + c), (1 + c) / 2, 1 + alpha, -2 * c, 1 - alpha});
}

BiquadCoefficients high_cut(BiquadPlace place, double q) noexcept
{
    const auto [c, alpha] = angle_of(place, q);
    return scaled({(1 - c) / 2, 1 - c, (1 - c) / 2, 1 + alpha, -2 * c, 1 - alpha});
}

BiquadCoefficients peak(BiquadPlace place, double gain_db, double q) noexcept
{
    const auto [c, alpha] = angle_of(place, q);
    const double a = amplitude(gain_db);
    return scaled({1 + alpha * a, -2 * c, 1 - alpha * a, 1 + alpha / a, -2 * c, 1 - alpha / a});
}

BiquadCoefficients low_shelf(BiquadPlace place, double gain_db) noexcept
{
    const auto [c, alpha] = angle_of(place, shelf_q);
    const double a = amplitude(gain_db);
    const double s = 2 * std::sqrt(a) * alpha;
    return scaled({a * ((a + 1) - (a - 1) * c + s), 2 * a * ((a - 1) - (a + 1) * c),
                   a * ((a + 1) - (a - 1) * c - s), (a + 1) + (a - 1) * c + s,
                   -2 * ((a - 1) + (a + 1) * c), (a + 1) + (a - 1) * c - s});
}

BiquadCoefficients high_shelf(BiquadPlace place, double gain_db) noexcept
{
    const auto [c, alpha] = angle_of(place, shelf_q);
    const double a = amplitude(gain_db);
    const double s = 2 * std::sqrt(a) * alpha;
    return scaled({a * ((a + 1) + (a - 1) * c + s), -2 * a * ((a - 1) + (a + 1) * c),
                   a * ((a + 1) + (a - 1) * c - s), (a + 1) - (a - 1) * c + s,
                   2 * ((a - 1) - (a + 1) * c), (a + 1) - (a - 1) * c - s});
}

double pole_radius(const BiquadCoefficients& coefficients) noexcept
{
    const double half = coefficients.a1 / 2.0;
    const double discriminant = half * half - coefficients.a2;
    if (discriminant < 0.0)
        return std::sqrt(coefficients.a2);
    return std::fabs(half) + std::sqrt(discriminant);
}

}  // namespace outboard::builtin
