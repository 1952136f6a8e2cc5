// SPDX-License-Identifier: MIT

#include "plugins/builtin/biquad.hpp"
#include "tests/plugins/processor_rig.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <complex>
#include <numbers>
#include <string>

using outboard::builtin::BiquadCoefficients;
using outboard::test::impulse;
using outboard::test::processor_named;
using outboard::test::ProcessorRig;
using outboard::test::silence;

namespace {

constexpr double rate_hz = 48'000.0;

/// Level at one frequency of the response to an impulse.
double measured_db(const std::vector<float>& response, double frequency_hz)
{
    std::complex<double> sum{};
    for (std::size_t frame = 0; frame < response.size(); ++frame) {
        sum += double{response[frame]} * std::polar(1.0, -2.0 * std::numbers::pi * frequency_hz /
                                                             rate_hz * static_cast<double>(frame));
    }
    return 20.0 * std::log10(std::abs(sum));
}

/// Level of H(z) on the unit circle.
double analytic_db(const BiquadCoefficients& c, double frequency_hz)
{
    const auto z1 = std::polar(1.0, -2.0 * std::numbers::pi * frequency_hz / rate_hz);
    const auto numerator = c.b0 + z1 * (c.b1 + z1 * c.b2);
    const auto denominator = 1.0 + z1 * (c.a1 + z1 * c.a2);
    return 20.0 * std::log10(std::abs(numerator / denominator));
}

/// What the settled equaliser answers to an impulse.
std::vector<float> response_of(ProcessorRig& rig)
{
    static_cast<void>(rig.run(silence(2, 4800)));
    return rig.run(impulse(2, 48'000)).front();
}

constexpr double places_hz[] = {30.0, 100.0, 300.0, 1000.0, 3000.0, 10'000.0, 18'000.0};

}  // namespace

TEST_SUITE("plugins/equaliser")
{
    TEST_CASE("untouched, it lets everything pass")
    {
        ProcessorRig rig{processor_named("equaliser")};
        const auto response = response_of(rig);
        for (const double place_hz : places_hz)
            CHECK(std::fabs(measured_db(response, place_hz)) < 1e-4);
    }

    TEST_CASE("a peak has its gain in its middle, and the cookbook's response around it")
    {
        for (const double gain_db : {-18.0, 9.0}) {
            CAPTURE(gain_db);
            ProcessorRig rig{processor_named("equaliser")};
            rig.set("peak2_hz", 1000.0);
            rig.set("peak2_db", gain_db);
            rig.set("peak2_q", 2.0);
            const auto response = response_of(rig);
            CHECK(measured_db(response, 1000.0) == doctest::Approx(gain_db).epsilon(1e-4));
            const auto expected = outboard::builtin::peak({1000.0, rate_hz}, gain_db, 2.0);
            for (const double place_hz : places_hz) {
                CHECK(std::fabs(measured_db(response, place_hz) - analytic_db(expected, place_hz)) <
                      1e-3);
            }
        }
    }

    TEST_CASE("shelves have half their gain at the corner and all of it beyond")
    {
        ProcessorRig rig{processor_named("equaliser")};
        rig.set("low_shelf_hz", 200.0);
        rig.set("low_shelf_db", 12.0);
        rig.set("high_shelf_hz", 6000.0);
        rig.set("high_shelf_db", -8.0);
        const auto response = response_of(rig);
        CHECK(measured_db(response, 2.0) == doctest::Approx(12.0).epsilon(0.001));
        CHECK(measured_db(response, 200.0) == doctest::Approx(6.0).epsilon(0.005));
        CHECK(measured_db(response, 6000.0) == doctest::Approx(-4.0).epsilon(0.005));
        CHECK(measured_db(response, 23'900.0) == doctest::Approx(-8.0).epsilon(0.001));
    }

    TEST_CASE("the cuts are Butterworth filters of second order, and off by default")
    {
        ProcessorRig rig{processor_named("equaliser")};
        rig.set("low_cut_hz", 100.0);
        rig.set("high_cut_hz", 5000.0);
        rig.set("low_cut_on", 1.0);
        rig.set("high_cut_on", 1.0);
        const auto response = response_of(rig);
        CHECK(measured_db(response, 100.0) == doctest::Approx(-3.01).epsilon(0.002));
        CHECK(measured_db(response, 5000.0) == doctest::Approx(-3.01).epsilon(0.002));
        CHECK(measured_db(response, 10.0) == doctest::Approx(-40.0).epsilon(0.001));
    }

    TEST_CASE("all filters are stable at their extremes, at any rate")
    {
        using outboard::builtin::pole_radius;
        for (const double any_rate_hz : {8'000.0, 44'100.0, 384'000.0}) {
            for (const double corner_hz : {10.0, 20'000.0}) {
                CHECK(pole_radius(outboard::builtin::low_cut({corner_hz, any_rate_hz}, 0.7)) < 1.0);
                CHECK(pole_radius(outboard::builtin::high_cut({corner_hz, any_rate_hz}, 0.7)) <
                      1.0);
                for (const double gain_db : {-24.0, 24.0}) {
                    const auto bell =
                        outboard::builtin::peak({corner_hz, any_rate_hz}, gain_db, 18);
                    CHECK(pole_radius(bell) < 1.0);
                    const auto low =
                        outboard::builtin::low_shelf({corner_hz, any_rate_hz}, gain_db);
                    CHECK(pole_radius(low) < 1.0);
                    const auto high =
                        outboard::builtin::high_shelf({corner_hz, any_rate_hz}, gain_db);
                    CHECK(pole_radius(high) < 1.0);
                }
            }
        }
    }
}
