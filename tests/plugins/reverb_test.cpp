// SPDX-License-Identifier: MIT

#include "plugins/builtin/biquad.hpp"
#include "tests/plugins/processor_rig.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

using outboard::test::Audio;
using outboard::test::impulse;
using outboard::test::noise;
using outboard::test::processor_named;
using outboard::test::ProcessorRig;
using outboard::test::RigFormat;
using outboard::test::silence;

namespace {

/// Decay time from the response to an impulse: Schroeder's integral, from -5 to -35 dB, doubled.
double t60_s(const std::vector<float>& response, double rate_hz)
{
    double total = 0.0;
    for (const float sample : response)
        total += double{sample} * double{sample};
    double left = total;
    double begin = 0.0;
    for (std::size_t frame = 0; frame < response.size(); ++frame) {
        const double level_db = 10.0 * std::log10(left / total);
        if (level_db > -5.0)
            begin = static_cast<double>(frame);
        if (level_db < -35.0)
            return 2.0 * (static_cast<double>(frame) - begin) / rate_hz;
        left -= double{response[frame]} * double{response[frame]};
    }
    return 0.0;
}

double power(const std::vector<float>& signal, std::size_t first = 0)
{
    double sum = 0.0;
    for (std::size_t frame = first; frame < signal.size(); ++frame)
        sum += double{signal[frame]} * double{signal[frame]};
    return sum / static_cast<double>(signal.size() - first);
}

double correlation(const std::vector<float>& a, const std::vector<float>& b)
{
    double sum = 0.0;
    for (std::size_t frame = 0; frame < a.size(); ++frame)
        sum += double{a[frame]} * double{b[frame]};
    return sum / static_cast<double>(a.size()) / std::sqrt(power(a) * power(b));
}

/// A fully wet rig that has settled.
void settle(ProcessorRig& rig, std::size_t channel_count)
{
    rig.set("mix", 1.0);
    rig.set("predelay_ms", 0.0);
    static_cast<void>(rig.run(silence(channel_count, 24'000)));
}

}  // namespace

TEST_SUITE("plugins/reverb")
{
    TEST_CASE("it decays by 60 dB in the time asked for, at any size and rate")
    {
        for (const double rate_hz : {16'000.0, 48'000.0}) {
            for (const double decay_s : {0.4, 1.5}) {
                for (const double size : {0.0, 1.0}) {
                    CAPTURE(rate_hz);
                    CAPTURE(decay_s);
                    CAPTURE(size);
                    ProcessorRig rig{processor_named("reverb"), RigFormat{rate_hz, 1, 1}};
                    rig.set("decay_s", decay_s);
                    rig.set("size", size);
                    rig.set("damping", 0.0);
                    settle(rig, 1);
                    const auto frame_count = static_cast<std::size_t>(1.5 * decay_s * rate_hz);
                    const auto response = rig.run(impulse(1, frame_count)).front();
                    CHECK(t60_s(response, rate_hz) == doctest::Approx(decay_s).epsilon(0.08));
                }
            }
        }
    }

    TEST_CASE("damping shortens the decay of highs and leaves the lows")
    {
        ProcessorRig rig{processor_named("reverb"), RigFormat{48'000.0, 1, 1}};
        rig.set("decay_s", 1.5);
        rig.set("damping", 0.5);
        rig.set("damping_hz", 2000.0);
        rig.set("modulation", 0.0);
        settle(rig, 1);
        const auto response = rig.run(impulse(1, 96'000)).front();
        const auto band = [&](const outboard::builtin::BiquadCoefficients& filter) {
            std::vector<float> out = response;
            for (int pass = 0; pass < 3; ++pass) {
                outboard::builtin::BiquadState state;
                for (float& sample : out)
                    sample = static_cast<float>(state.next(filter, double{sample}));
            }
            return t60_s(out, 48'000.0);
        };
        const double high_s = band(outboard::builtin::low_cut({12'000.0, 48'000.0}, 0.7));
        const double low_s = band(outboard::builtin::high_cut({300.0, 48'000.0}, 0.7));
        CHECK(high_s == doctest::Approx(1.5 * 0.55).epsilon(0.15));
        CHECK(low_s == doctest::Approx(1.5).epsilon(0.15));
    }

    TEST_CASE("wet is about as loud as dry, whatever the decay")
    {
        for (const double decay_s : {0.5, 2.0, 6.0}) {
            CAPTURE(decay_s);
            ProcessorRig rig{processor_named("reverb"), RigFormat{16'000.0, 2, 2}};
            rig.set("decay_s", decay_s);
            rig.set("damping", 0.0);
            rig.set("modulation", 0.0);
            settle(rig, 2);
            const Audio in = noise(2, 160'000);
            const auto out = rig.run(in);
            const double ratio_db = 10.0 * std::log10(power(out[0], 80'000) / power(in[0]));
            CHECK(std::fabs(ratio_db) < 3.0);
        }
    }

    TEST_CASE("the channels are uncorrelated when wide and equal when narrow")
    {
        for (const double width : {0.0, 1.0}) {
            CAPTURE(width);
            ProcessorRig rig{processor_named("reverb"), RigFormat{48'000.0, 1, 2}};
            rig.set("width", width);
            settle(rig, 1);
            const auto out = rig.run(noise(1, 96'000));
            const double similarity = correlation(out[0], out[1]);
            CHECK(similarity == doctest::Approx(1.0 - width).epsilon(0.1));
        }
    }

    TEST_CASE("pre-delay holds the room back, and the dry sound not")
    {
        ProcessorRig rig{processor_named("reverb")};
        rig.set("predelay_ms", 100.0);
        static_cast<void>(rig.run(silence(2, 24'000)));
        const auto out = rig.run(impulse(2, 12'000)).front();
        CHECK(out[0] == doctest::Approx(0.7));
        CHECK(std::all_of(out.begin() + 1, out.begin() + 4800, [](float s) { return s == 0.0F; }));
        CHECK(power(out, 4800) > 0.0);
    }

    TEST_CASE("sixty-four channels are served, and fewer outputs than inputs refused")
    {
        ProcessorRig rig{processor_named("reverb"), RigFormat{8'000.0, 64, 64}};
        settle(rig, 64);
        const auto out = rig.run(noise(64, 8000));
        for (const auto& channel : out)
            CHECK(power(channel) > 0.001);
        CHECK_THROWS(ProcessorRig(processor_named("reverb"), RigFormat{48'000.0, 2, 1}));
    }
}
