// SPDX-License-Identifier: MIT

#include "tests/plugins/processor_rig.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <numbers>

using outboard::test::Audio;
using outboard::test::impulse;
using outboard::test::noise;
using outboard::test::processor_named;
using outboard::test::ProcessorRig;
using outboard::test::silence;

namespace {

/// A rig that is set to this before anything is heard.
void set_at_once(ProcessorRig& rig, double time_ms, double feedback, double mix)
{
    rig.set("time_ms", time_ms);
    rig.set("feedback", feedback);
    rig.set("mix", mix);
    static_cast<void>(rig.run(silence(2, 9600)));
}

}  // namespace

TEST_SUITE("plugins/delay")
{
    TEST_CASE("an impulse comes back after exactly its time, and nothing else does")
    {
        for (const double time_ms : {1.0, 10.0, 123.4, 500.0}) {
            CAPTURE(time_ms);
            ProcessorRig rig{processor_named("delay")};
            set_at_once(rig, time_ms, 0.0, 1.0);
            const auto out = rig.run(impulse(2, 30'000)).front();
            const auto expected_frame = static_cast<std::size_t>(std::lround(time_ms * 48.0));
            for (std::size_t frame = 0; frame < out.size(); ++frame)
                REQUIRE(out[frame] == (frame == expected_frame ? 1.0F : 0.0F));
        }
    }

    TEST_CASE("each echo is weaker by the feedback, below the high cut")
    {
        ProcessorRig rig{processor_named("delay")};
        rig.set("high_cut_hz", 20'000.0);
        set_at_once(rig, 50.0, 0.5, 1.0);
        const auto out = rig.run(impulse(2, 9600)).front();
        const auto echo_sum = [&](std::size_t number) {
            double sum = 0.0;  // the sum of a filter's impulse response is its gain at 0 Hz
            for (std::size_t frame = 0; frame < 1200; ++frame)
                sum += double{out[number * 2400 + frame]};
            return sum;
        };
        CHECK(echo_sum(1) == doctest::Approx(1.0).epsilon(1e-4));
        CHECK(echo_sum(2) == doctest::Approx(0.5).epsilon(1e-4));
        CHECK(echo_sum(3) == doctest::Approx(0.25).epsilon(1e-4));
    }

    TEST_CASE("without mix the input passes unchanged")
    {
        ProcessorRig rig{processor_named("delay")};
        set_at_once(rig, 50.0, 0.5, 0.0);
        const Audio in = noise(2, 4800);
        CHECK(rig.run(in) == in);
    }

    TEST_CASE("a new time fades in without a click")
    {
        ProcessorRig rig{processor_named("delay")};
        set_at_once(rig, 100.0, 0.0, 1.0);
        Audio sine = silence(2, 48'000);
        const double step = 2.0 * std::numbers::pi * 100.0 / 48'000.0;
        for (auto& channel : sine) {
            for (std::size_t frame = 0; frame < channel.size(); ++frame)
                channel[frame] = static_cast<float>(std::sin(step * static_cast<double>(frame)));
        }
        const std::uint64_t begin = rig.next_frame();
        // The first change arrives while nothing moves, the second during its fade.
        rig.set_at(begin + 20'000, "time_ms", 137.0);
        rig.set_at(begin + 20'500, "time_ms", 61.0);
        const auto out = rig.run(sine).front();

        for (std::size_t frame = 10'000; frame < out.size(); ++frame)
            REQUIRE(std::fabs(out[frame] - out[frame - 1]) < 1.3 * step);
        const auto delayed = static_cast<std::size_t>(61 * 48);
        for (std::size_t frame = 30'000; frame < out.size(); ++frame)
            REQUIRE(out[frame] == sine[0][frame - delayed]);
    }
}
