// SPDX-License-Identifier: MIT

#include "tests/plugins/processor_rig.hpp"

#include <doctest/doctest.h>

#include <cmath>

using outboard::test::Audio;
using outboard::test::noise;
using outboard::test::processor_named;
using outboard::test::ProcessorRig;

namespace {

/// Runs half a second at this gain and returns the factor found on the last sample.
double settled_gain(double gain_db)
{
    ProcessorRig rig{processor_named("gain")};
    rig.set("gain_db", gain_db);
    const Audio in = noise(2, 24'000);
    const Audio out = rig.run(in);
    return double{out[1].back()} / double{in[1].back()};
}

}  // namespace

TEST_SUITE("plugins/gain")
{
    TEST_CASE("0 dB changes nothing, from the first sample on")
    {
        ProcessorRig rig{processor_named("gain")};
        const Audio in = noise(2, 1000);
        CHECK(rig.run(in) == in);
    }

    TEST_CASE("the gain is exact in dB")
    {
        for (const double gain_db : {-59.0, -20.0, -6.0, 6.0, 24.0}) {
            CAPTURE(gain_db);
            const double found_db = 20.0 * std::log10(settled_gain(gain_db));
            CHECK(found_db == doctest::Approx(gain_db).epsilon(1e-5));
        }
    }

    TEST_CASE("the lowest setting is silence")
    {
        CHECK(settled_gain(-60.0) == 0.0);
    }

    TEST_CASE("a change starts at its frame and takes 20 ms without a step")
    {
        ProcessorRig rig{processor_named("gain")};
        rig.set_at(100, "gain_db", -60.0);
        Audio ones = outboard::test::silence(2, 2000);
        for (auto& channel : ones)
            channel.assign(channel.size(), 1.0F);
        const auto out = rig.run(ones).front();

        CHECK(out[99] == 1.0F);
        CHECK(out[100] < 1.0F);
        CHECK(out[100 + 958] > 0.0F);
        CHECK(out[100 + 959] == 0.0F);
        for (std::size_t frame = 1; frame < out.size(); ++frame)
            REQUIRE(std::fabs(out[frame] - out[frame - 1]) < 1.01F / 960.0F);
    }
}
