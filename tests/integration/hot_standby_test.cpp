// SPDX-License-Identifier: MIT
//
// With a hot standby nothing is lost: real processes are killed, stopped and broken under a stream,
// and what comes out is compared, bit for bit, with a stream in which nothing happened.

#include "tests/integration/support/seed.hpp"
#include "tests/integration/support/streaming_rig.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

using namespace outboard::test;
using outboard::Insert;
using outboard::InsertConfig;

namespace {

constexpr std::uint64_t second_frames = 48'000;

struct Shape {
    std::uint32_t frame_count = 64;
    std::uint32_t channel_count = 2;
    ob_mode mode = OB_MODE_SYNC;
    std::uint32_t latency_blocks = 1;
    std::uint32_t insert_count = 1;
    std::uint32_t standby_count = 1;
    ob_pace pace = OB_PACE_FREE;
};

[[nodiscard]] StreamFormat format_of(const Shape& shape)
{
    return {.sample_rate_hz = 48'000.0,
            .channel_count = shape.channel_count,
            .max_frame_count = shape.frame_count};
}

[[nodiscard]] InsertConfig config_of(const StreamingRig& rig, const Shape& shape,
                                     const char* processor)
{
    InsertConfig config = rig.config_for(processor);
    config.service = processor;  // a built-in one
    config.processor = nullptr;
    config.flags = OB_INSERT_FAULT_HOOK;
    config.mode = shape.mode;
    config.latency_blocks = shape.latency_blocks;
    config.pace = shape.pace;
    config.standby = OB_STANDBY_HOT;
    config.standby_count = shape.standby_count;
    config.hang_limit_ns = 50'000'000;
    return config;
}

/// A chain of reverbs, each with standbys.
struct HotRig {
    explicit HotRig(const Shape& shape, const char* processor = "reverb") : rig(format_of(shape))
    {
        for (std::uint32_t index = 0; index < shape.insert_count; ++index)
            rig.add(config_of(rig, shape, processor));
    }

    /// Waits until all standbys of an insert are in step; the stream goes on meanwhile.
    [[nodiscard]] bool is_whole(std::uint32_t standby_count, std::size_t index = 0)
    {
        return rig.insert(index).status().standby_count >= standby_count;
    }

    StreamingRig rig;
};

/// Strikes one insert, and goes on until it has taken effect: a fault inside a processor waits for
/// its next block.
void strike_once(HotRig& hot, std::size_t index, ob_fault fault, bool is_deadly)
{
    const Insert& insert = hot.rig.insert(index);
    const auto before = insert.statistics();
    REQUIRE(ob_insert_inject_fault(insert.get(), fault, 20) == OB_OK);
    const auto has_struck = [&] {
        return !is_deadly || insert.statistics().failovers > before.failovers;
    };
    REQUIRE(hot.rig.run_until(has_struck, 100 * second_frames));
}

/// Streams `strike_count` faults into each insert, each into a set that is whole.
void strike(HotRig& hot, const Shape& shape, ob_fault fault, bool is_deadly,
            std::uint32_t strike_count)
{
    const std::uint64_t interval_frames = 20 * std::uint64_t{shape.frame_count};
    for (std::uint32_t strike = 0; strike < strike_count; ++strike) {
        for (std::size_t index = 0; index < shape.insert_count; ++index) {
            hot.rig.run(interval_frames, every_block(shape.frame_count));
            REQUIRE(hot.is_whole(shape.standby_count, index));
            strike_once(hot, index, fault, is_deadly);
        }
    }
    hot.rig.run(interval_frames, every_block(shape.frame_count));
}

void check_nothing_lost(const Insert& insert)
{
    const auto statistics = insert.statistics();
    CHECK(statistics.frames_lost == 0);
    CHECK(statistics.concealed_blocks == 0);
    CHECK(statistics.diverged_blocks == 0);
}

/// The same stream without faults.
[[nodiscard]] bool is_as_if_nothing_happened(const HotRig& hot, const Shape& shape)
{
    HotRig reference{shape};
    reference.rig.run(hot.rig.frame_count(), every_block(shape.frame_count));
    return reference.rig.output() == hot.rig.output();
}

/// A stream with faults is the stream without, bit for bit.
void check_identical(const Shape& shape, ob_fault fault, bool is_deadly)
{
    constexpr std::uint32_t strike_count = 3;
    HotRig hot{shape};
    strike(hot, shape, fault, is_deadly, strike_count);
    CHECK(is_as_if_nothing_happened(hot, shape));
    for (std::size_t index = 0; index < shape.insert_count; ++index) {
        const Insert& insert = hot.rig.insert(index);
        check_nothing_lost(insert);
        CHECK(insert.statistics().failovers == (is_deadly ? strike_count : 0));
    }
}

/// Streams at real-time pace until the set is whole again.
[[nodiscard]] bool run_until_whole(HotRig& hot, const Shape& shape)
{
    return hot.rig.run_until([&] { return hot.is_whole(shape.standby_count); }, 20 * second_frames);
}

}  // namespace

TEST_SUITE("integration/hot_standby")
{
    TEST_CASE("at free pace no kill is heard, whatever the block, the channels and the mode")
    {
        const std::array<Shape, 8> shapes{{
            {.frame_count = 32},
            {.frame_count = 37, .channel_count = 1},
            {.frame_count = 64, .channel_count = 8},
            {.frame_count = 128, .mode = OB_MODE_PIPELINED},
            {.frame_count = 441, .mode = OB_MODE_PIPELINED, .latency_blocks = 2},
            {.frame_count = 1000},
            {.frame_count = 64, .insert_count = 3},
            {.frame_count = 64, .standby_count = 2},
        }};
        for (const Shape& shape : shapes) {
            CAPTURE(shape.frame_count);
            CAPTURE(shape.insert_count);
            CAPTURE(shape.standby_count);
            check_identical(shape, OB_FAULT_KILL, true);
        }
    }

    TEST_CASE("at free pace no other fault is heard either")
    {
        for (const ob_fault deadly : {OB_FAULT_STOP, OB_FAULT_SEGV, OB_FAULT_EXIT, OB_FAULT_SPIN}) {
            CAPTURE(deadly);
            check_identical({}, deadly, true);
        }
        for (const ob_fault harmless : {OB_FAULT_LATE, OB_FAULT_NAN}) {
            CAPTURE(harmless);
            check_identical({}, harmless, false);
        }
    }

    TEST_CASE(
        "in real time a kill into a whole set loses nothing when the answer fits the deadline")
    {
        const Shape shape{.pace = OB_PACE_REALTIME};
        constexpr std::uint32_t kill_count = 10;
        HotRig hot{shape};  // the rig's budget outlasts any stall of the machine
        hot.rig.set_real_time(true);
        for (std::uint32_t kill = 0; kill < kill_count; ++kill) {
            REQUIRE(run_until_whole(hot, shape));
            REQUIRE(ob_insert_inject_fault(hot.rig.insert().get(), OB_FAULT_KILL, 0) == OB_OK);
            REQUIRE(hot.rig.run_until(
                [&] { return hot.rig.insert().statistics().failovers == kill + 1; },
                10 * second_frames));
        }
        check_nothing_lost(hot.rig.insert());
        CHECK(is_as_if_nothing_happened(hot, {}));
        const auto incidents = take_incidents(hot.rig.insert());
        for (const ob_incident& incident : incidents) {
            CHECK(incident.kind == OB_INCIDENT_FAILOVER);
            CHECK(incident.detail == -SIGKILL);
        }
        CHECK(incidents.size() == kill_count);
    }

    TEST_CASE("a parameter that was set before the kill is in force after it")
    {
        // A kill at any moment: where it strikes does not matter.
        const auto stream = [](bool with_kills) {
            HotRig hot{{}};
            run_with_parameter_steps(hot.rig, with_kills);
            return hot.rig.output();
        };
        CHECK((stream(true) == stream(false)));
    }

    TEST_CASE("the death of a standby is reported and not heard")
    {
        const Shape shape{};
        HotRig hot{shape};
        hot.rig.run(640, every_block(64));
        const auto before = hot.rig.insert().status();
        // The primary is struck: its standby takes over. Then the set is whole again.
        strike_once(hot, 0, OB_FAULT_KILL, true);
        hot.rig.run(640, every_block(64));
        const auto after = hot.rig.insert().status();
        CHECK(after.service_process_id != before.service_process_id);
        CHECK(after.generation == before.generation + 1);
        CHECK(after.standby_count == 1);
        CHECK(after.guarantee == OB_GUARANTEE_EXACT);
        ob_insert_forecast forecast{};
        REQUIRE(ob_insert_get_forecast(hot.rig.insert().get(), &forecast) == OB_OK);
        CHECK(forecast.blocks_lost == 0);
        CHECK(forecast.guarantee == OB_GUARANTEE_EXACT);
    }

    TEST_CASE("a stopped service that is let go on brings nothing back")
    {
        const Shape shape{};
        HotRig hot{shape};
        hot.rig.run(640, every_block(64));
        const std::int32_t stopped = hot.rig.insert().status().service_process_id;
        strike_once(hot, 0, OB_FAULT_STOP, true);
        hot.rig.run(640, every_block(64));
        ::kill(stopped, SIGCONT);  // it has been killed by now; then this reaches nobody
        hot.rig.run(640, every_block(64));
        CHECK(is_as_if_nothing_happened(hot, shape));
        CHECK(hot.rig.insert().status().service_process_id != stopped);
    }

    TEST_CASE("a set that has lost all its replicas falls back and recovers")
    {
        const Shape shape{.pace = OB_PACE_REALTIME};
        HotRig hot{shape};
        hot.rig.set_real_time(true);
        REQUIRE(run_until_whole(hot, shape));
        // Kills in every block, until none is left that could take over.
        const auto has_fallen_back = [&] {
            if (ob_insert_inject_fault(hot.rig.insert().get(), OB_FAULT_KILL, 0) < 0)
                return true;
            return hot.rig.insert().statistics().frames_lost != 0;
        };
        REQUIRE(hot.rig.run_until(has_fallen_back, 10 * second_frames));
        CHECK(hot.rig.insert().statistics().failovers >= 2);
        REQUIRE(run_until_whole(hot, shape));
        CHECK(hot.rig.insert().status().state == OB_INSERT_WET);
    }

    TEST_CASE("a processor that does more than compute gets no standby, and the message says why")
    {
        StreamingRig rig{{}};
        const InsertConfig config = config_of(rig, {}, "fault");
        try {
            rig.add(config);
            FAIL("it was accepted");
        } catch (const outboard::Error& error) {
            CHECK(error.status() == OB_ERR_REFUSED);
            CHECK(std::string{error.what()}.find("standby none") != std::string::npos);
        }
    }
}
