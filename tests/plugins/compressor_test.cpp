// SPDX-License-Identifier: MIT

#include "plugins/builtin/compressor.hpp"
#include "tests/plugins/processor_rig.hpp"

#include <doctest/doctest.h>

#include <cmath>

using outboard::builtin::CompressionCurve;
using outboard::test::Audio;
using outboard::test::impulse;
using outboard::test::noise;
using outboard::test::processor_named;
using outboard::test::ProcessorRig;
using outboard::test::silence;

namespace {

/// A second of one level, on two channels.
Audio constant_level(double left_db, double right_db)
{
    return {std::vector<float>(48'000, static_cast<float>(std::pow(10.0, left_db / 20.0))),
            std::vector<float>(48'000, static_cast<float>(std::pow(10.0, right_db / 20.0)))};
}

double level_db(float sample)
{
    return 20.0 * std::log10(std::fabs(double{sample}));
}

}  // namespace

TEST_SUITE("plugins/compressor")
{
    TEST_CASE("the curve is straight outside the knee and smooth within")
    {
        const CompressionCurve curve{.threshold_db = -20.0, .ratio = 4.0, .knee_db = 10.0};
        CHECK(curve.reduction_db(-60.0) == 0.0);
        CHECK(curve.reduction_db(-25.0) == 0.0);
        CHECK(curve.reduction_db(-20.0) == doctest::Approx(0.75 * 25.0 / 20.0));
        CHECK(curve.reduction_db(-15.0) == doctest::Approx(0.75 * 5.0));
        CHECK(curve.reduction_db(0.0) == doctest::Approx(15.0));
        CHECK(curve.reduction_db(-15.0 - 1e-9) == doctest::Approx(curve.reduction_db(-15.0)));
    }

    TEST_CASE("a steady level comes out on the curve, plus the make-up gain")
    {
        for (const double in_db : {-50.0, -20.0, -12.0, -3.0}) {
            CAPTURE(in_db);
            ProcessorRig rig{processor_named("compressor")};
            rig.set("threshold_db", -24.0);
            rig.set("ratio", 5.0);
            rig.set("knee_db", 0.0);
            rig.set("makeup_db", 3.0);
            const auto out = rig.run(constant_level(in_db, in_db));
            const double expected_db =
                (in_db <= -24.0 ? in_db : -24.0 + (in_db + 24.0) / 5.0) + 3.0;
            CHECK(level_db(out[0].back()) == doctest::Approx(expected_db).epsilon(0.001));
        }
    }

    TEST_CASE("the loudest channel turns all channels down alike")
    {
        ProcessorRig rig{processor_named("compressor")};
        rig.set("threshold_db", -30.0);
        rig.set("ratio", 3.0);
        rig.set("knee_db", 0.0);
        const auto out = rig.run(constant_level(-3.0, -40.0));
        CHECK(level_db(out[0].back()) == doctest::Approx(-21.0).epsilon(0.001));
        CHECK(level_db(out[1].back()) == doctest::Approx(-58.0).epsilon(0.001));
    }

    TEST_CASE("attack and release take about their times")
    {
        ProcessorRig rig{processor_named("compressor")};
        rig.set("threshold_db", -20.0);
        rig.set("ratio", 20.0);
        rig.set("knee_db", 0.0);
        rig.set("attack_ms", 20.0);
        rig.set("release_ms", 200.0);
        const double full_db = 20.0 * (1.0 - 1.0 / 20.0);
        const auto loud = rig.run(constant_level(0.0, 0.0)).front();
        const auto quiet = rig.run(constant_level(-40.0, -40.0)).front();

        // One time constant: 63 % of the way.
        CHECK(-level_db(loud[std::size_t{20} * 48]) ==
              doctest::Approx(0.632 * full_db).epsilon(0.02));
        CHECK(-40.0 - level_db(quiet[std::size_t{220} * 48]) ==
              doctest::Approx(0.368 * full_db).epsilon(0.05));
    }

    TEST_CASE("lookahead is the latency, from the next prepare on, exact to the frame")
    {
        ProcessorRig rig{processor_named("compressor")};
        CHECK(rig.kind().latency_frames(rig.instance()) == 0);
        rig.set("lookahead_ms", 5.0);
        rig.set("ratio", 1.0);
        const Audio in = noise(2, 4800);
        CHECK(rig.run(in) == in);

        rig.prepare();
        REQUIRE(rig.kind().latency_frames(rig.instance()) == 240);
        const auto out = rig.run(impulse(2, 1000)).front();
        for (std::size_t frame = 0; frame < out.size(); ++frame)
            REQUIRE(out[frame] == (frame == 240 ? 1.0F : 0.0F));
    }

    TEST_CASE("an infinite sample is forgotten again")
    {
        ProcessorRig rig{processor_named("compressor")};
        Audio in = silence(2, 100);
        in[0][50] = HUGE_VALF;
        static_cast<void>(rig.run(in));
        static_cast<void>(rig.run(silence(2, 96'000)));
        const auto out = rig.run(constant_level(-40.0, -40.0)).front();
        CHECK(level_db(out.back()) == doctest::Approx(-40.0).epsilon(0.001));
    }
}
