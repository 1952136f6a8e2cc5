// SPDX-License-Identifier: MIT
#include "audio/channel_map.hpp"

#include "audio/planar_buffer.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <vector>

namespace {

using outboard::audio::ChannelMap;
using outboard::audio::ChannelPolicy;
using outboard::audio::ErrorCode;
using outboard::audio::PlanarBuffer;

constexpr std::size_t frame_count = 3;

/// Maps channels that hold 1, 2, 3 ... and returns the first sample of each output.
std::vector<float> map_counting(std::uint32_t from, std::uint32_t to, ChannelPolicy policy)
{
    const auto map = ChannelMap::create(from, to, policy);
    REQUIRE(map);
    PlanarBuffer inputs{from, frame_count};
    PlanarBuffer outputs{to, frame_count};
    for (std::uint32_t channel = 0; channel < from; ++channel) {
        for (float& sample : inputs.channel(channel))
            sample = static_cast<float>(channel + 1);
    }
    for (std::uint32_t channel = 0; channel < to; ++channel) {
        for (float& sample : outputs.channel(channel))
            sample = -1.0F;
    }

    map->apply(inputs.readable(), outputs.writable(), frame_count);

    std::vector<float> first;
    for (std::uint32_t channel = 0; channel < to; ++channel) {
        CHECK(outputs.channel(channel)[0] == outputs.channel(channel)[frame_count - 1]);
        first.push_back(outputs.channel(channel)[0]);
    }
    return first;
}

}  // namespace

TEST_SUITE("audio/channel_map")
{
    TEST_CASE("0 channels are refused on either side")
    {
        CHECK(ChannelMap::create(0, 1).error().code == ErrorCode::invalid_argument);
        CHECK(ChannelMap::create(1, 0).error().code == ErrorCode::invalid_argument);
    }

    TEST_CASE("equal counts are copied")
    {
        CHECK(map_counting(3, 3, ChannelPolicy::refuse) == std::vector<float>{1, 2, 3});
    }

    TEST_CASE("mono goes to all channels at full level")
    {
        CHECK(map_counting(1, 4, ChannelPolicy::refuse) == std::vector<float>{1, 1, 1, 1});
    }

    TEST_CASE("many channels become their average in mono")
    {
        CHECK(map_counting(3, 1, ChannelPolicy::refuse) == std::vector<float>{2});
    }

    TEST_CASE("what cannot be guessed is refused with the counts that can be used")
    {
        const auto map = ChannelMap::create(6, 2);
        REQUIRE_FALSE(map);
        CHECK(map.error().code == ErrorCode::unsupported);
        CHECK(map.error().message.find("6 channels, or 1") != std::string::npos);
    }

    TEST_CASE("on request the surplus is left out, or silent")
    {
        CHECK(map_counting(4, 2, ChannelPolicy::fit) == std::vector<float>{1, 2});
        CHECK(map_counting(2, 4, ChannelPolicy::fit) == std::vector<float>{1, 2, 0, 0});
    }

    TEST_CASE("to seven channels and back to mono every bit is kept")
    {
        constexpr std::array<float, frame_count> samples{0.1F, -0.7F, 3.0e-39F};
        const auto spread = ChannelMap::create(1, 7);
        const auto average = ChannelMap::create(7, 1);
        REQUIRE(spread);
        REQUIRE(average);
        PlanarBuffer many{7, frame_count};
        PlanarBuffer mono{1, frame_count};

        const float* const input = samples.data();
        spread->apply({&input, 1}, many.writable(), frame_count);
        average->apply(many.readable(), mono.writable(), frame_count);

        for (std::size_t frame = 0; frame < frame_count; ++frame)
            CHECK(mono.channel(0)[frame] == samples[frame]);
    }
}
