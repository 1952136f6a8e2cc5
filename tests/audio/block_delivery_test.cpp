// SPDX-License-Identifier: MIT

#include "audio/block_delivery.hpp"

#include "tests/support/no_alloc_scope.hpp"

#include <doctest/doctest.h>

#include <array>
#include <vector>

namespace {

using namespace outboard::audio;

constexpr std::uint64_t second_ns = 1'000'000'000;

/// Doubles its input, and notes what it was given.
struct DoublingCallback : DeviceCallback {
    DoublingCallback()
    {
        times.reserve(64);
        counts.reserve(64);
        events.reserve(64);
    }

    Flow process(std::span<const float* const> inputs, std::span<float* const> outputs,
                 std::uint32_t frame_count, const BlockTime& time) noexcept override
    {
        for (std::uint32_t frame = 0; frame < frame_count; ++frame)
            outputs[0][frame] = 2 * inputs[0][frame];
        times.push_back(time);
        counts.push_back(frame_count);
        return counts.size() == slices_max ? Flow::finish : Flow::proceed;
    }

    void device_event(const DeviceEvent& event) noexcept override { events.push_back(event); }

    std::size_t slices_max = 1'000;
    std::vector<BlockTime> times;
    std::vector<std::uint32_t> counts;
    std::vector<DeviceEvent> events;
};

struct Rig {
    Rig() { delivery.prepare(settings, callback); }

    Flow deliver(const CardBlock& block)
    {
        for (std::uint32_t frame = 0; frame < block.frame_count; ++frame)
            input[frame] = static_cast<float>(frame + 1);
        output.fill(-1);
        const std::array<const float*, 1> inputs{input.data()};
        const std::array<float*, 1> outputs{output.data()};
        return delivery.deliver(inputs.data(), outputs.data(), block);
    }

    DeviceSettings settings{.sample_rate_hz = 48'000,
                            .frames_per_block = 64,
                            .input_channel_count = 1,
                            .output_channel_count = 1};
    DoublingCallback callback;
    BlockDelivery delivery;
    std::array<float, 256> input{};
    std::array<float, 256> output{};
};

}  // namespace

TEST_SUITE("audio/block_delivery")
{
    TEST_CASE("a card's block comes in slices, each with its own time")
    {
        Rig rig;
        CHECK(rig.deliver(
                  {.frame_count = 144, .capture_ns = second_ns, .playback_ns = 2 * second_ns}) ==
              Flow::proceed);
        CHECK(rig.callback.counts == std::vector<std::uint32_t>{64, 64, 16});
        CHECK(rig.callback.times[1].stream_frame == 64);
        CHECK(rig.callback.times[2].capture_ns == second_ns + 128 * second_ns / 48'000);
        CHECK(rig.callback.times[2].playback_ns == 2 * second_ns + 128 * second_ns / 48'000);
        for (std::uint32_t frame = 0; frame < 144; ++frame)
            CHECK(rig.output[frame] == 2 * static_cast<float>(frame + 1));
        CHECK(rig.output[144] == -1);
        CHECK(rig.delivery.statistics().blocks == 3);
        CHECK(rig.delivery.statistics().frames == 144);
    }

    TEST_CASE("behind the last slice there is silence, and no further call")
    {
        Rig rig;
        rig.callback.slices_max = 1;
        CHECK(rig.deliver({.frame_count = 128}) == Flow::finish);
        CHECK(rig.delivery.has_finished());
        CHECK(rig.output[63] == 128);
        CHECK(rig.output[64] == 0);
        CHECK(rig.output[127] == 0);
        CHECK(rig.deliver({.frame_count = 128}) == Flow::finish);
        CHECK(rig.callback.counts.size() == 1);
        CHECK(rig.output[0] == 0);
    }

    TEST_CASE("an xrun is told before its block, with the frames that the times say are lost")
    {
        Rig rig;
        const std::uint64_t block_ns = 64 * second_ns / 48'000;
        static_cast<void>(rig.deliver({.frame_count = 64, .playback_ns = second_ns}));
        static_cast<void>(rig.deliver(
            {.frame_count = 64, .playback_ns = second_ns + 4 * block_ns, .output_lost = true}));
        REQUIRE(rig.callback.events.size() == 1);
        CHECK(rig.callback.events[0].kind == DeviceEventKind::xrun);
        CHECK(rig.callback.events[0].stream_frame == 64);
        CHECK(rig.callback.events[0].lost_frames >= 191);
        CHECK(rig.callback.events[0].lost_frames <= 193);
        CHECK(rig.callback.times[1].output_lost);
        CHECK_FALSE(rig.callback.times[1].input_lost);
        CHECK(rig.delivery.statistics().xruns == 1);
    }

    TEST_CASE("a loss is told once, and a new start forgets it")
    {
        Rig rig;
        rig.delivery.report_lost();
        rig.delivery.report_lost();
        CHECK(rig.delivery.is_lost());
        REQUIRE(rig.callback.events.size() == 1);
        CHECK(rig.callback.events[0].kind == DeviceEventKind::lost);
        rig.delivery.prepare(rig.settings, rig.callback);
        CHECK_FALSE(rig.delivery.is_lost());
    }

    TEST_CASE("delivering allocates nothing [rt]")
    {
        Rig rig;
        const outboard::test::NoAllocScope scope;
        for (int block = 0; block < 8; ++block)
            static_cast<void>(rig.deliver({.frame_count = 144, .output_lost = true}));
        const auto violations = scope.violations();
        CHECK(violations == 0);
        CHECK(rig.callback.counts.size() == 24);
    }
}
