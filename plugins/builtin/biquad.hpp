// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Second-order filters: how to choose them, and how to run them.
///
/// Coefficients are those of R. Bristow-Johnson, "Cookbook formulae for audio equalizer biquad
/// filter coefficients" (W3C note, 2021), divided by a0. They run in transposed direct form II,
/// in double precision: the state stays small and low corner frequencies do not get noisy.

#include "plugins/builtin/sample_math.hpp"

namespace outboard::builtin {

/// H(z) = (b0 + b1/z + b2/z^2) / (1 + a1/z + a2/z^2). By default lets everything pass.
struct BiquadCoefficients {
    double b0 = 1.0;
    double b1 = 0.0;
    double b2 = 0.0;
    double a1 = 0.0;
    double a2 = 0.0;

    bool operator==(const BiquadCoefficients&) const = default;
};

/// Corner or centre of a filter. Above 0.49 of the sample rate it is moved there.
struct BiquadPlace {
    double frequency_hz;
    double sample_rate_hz;
};

[[nodiscard]] BiquadCoefficients low_cut(BiquadPlace place, double q) noexcept;
[[nodiscard]] BiquadCoefficients high_cut(BiquadPlace place, double q) noexcept;
[[nodiscard]] BiquadCoefficients peak(BiquadPlace place, double gain_db, double q) noexcept;
[[nodiscard]] BiquadCoefficients low_shelf(BiquadPlace place, double gain_db) noexcept;
[[nodiscard]] BiquadCoefficients high_shelf(BiquadPlace place, double gain_db) noexcept;

/// A mixture of two filters: `from` at 0, `to` at 1. Stable if both are, since the stable (a1, a2)
/// form a triangle, which is convex.
[[nodiscard]] inline BiquadCoefficients mixture(const BiquadCoefficients& from,
                                                const BiquadCoefficients& to,
                                                double position) noexcept
{
    const auto between = [position](double a, double b) { return a + position * (b - a); };
    return {between(from.b0, to.b0), between(from.b1, to.b1), between(from.b2, to.b2),
            between(from.a1, to.a1), between(from.a2, to.a2)};
}

/// Distance of the outermost pole from the origin; below 1 for a stable filter.
[[nodiscard]] double pole_radius(const BiquadCoefficients& coefficients) noexcept;

/// The past of one filter on one channel.
struct BiquadState {
    double z1 = 0.0;
    double z2 = 0.0;

    [[nodiscard]] double next(const BiquadCoefficients& c, double in) noexcept
    {
        const double out = c.b0 * in + z1;
        z1 = c.b1 * in - c.a1 * out + z2;
        z2 = c.b2 * in - c.a2 * out;
        return out;
    }

    void drop_tiny() noexcept
    {
        z1 = without_tiny(z1);
        z2 = without_tiny(z2);
    }
};

}  // namespace outboard::builtin
