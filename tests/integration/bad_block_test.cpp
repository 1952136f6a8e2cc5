// SPDX-License-Identifier: MIT
//
// Blocks that are too much for a processor: it dies over them, whichever process it is in, or gives
// nothing but NaN. `delicate` does so as an event of a block says, so every replica does.

#include "tests/integration/support/streaming_rig.hpp"
#include "tests/integration/support/test_signal.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <vector>

using namespace outboard::test;
using outboard::Insert;
using outboard::InsertConfig;

namespace {

constexpr std::uint64_t second_frames = 48'000;

// As in services/test_processors.hpp.
constexpr std::uint32_t how_parameter = 1;
constexpr std::uint32_t nan_frames_parameter = 2;
enum How : std::uint8_t { dies = 1, hangs, gives_nan };

struct Shape {
    std::uint32_t frame_count = 64;
    std::uint32_t standby_count = 1;  ///< 0: none
    ob_mode mode = OB_MODE_SYNC;
    ob_pace pace = OB_PACE_FREE;
    How how = dies;
};

struct Rig {
    explicit Rig(const Shape& shape)
        : rig({.sample_rate_hz = 48'000.0,
               .channel_count = 2,
               .max_frame_count = shape.frame_count})
    {
        InsertConfig config = rig.config_for("delicate");
        config.mode = shape.mode;
        config.pace = shape.pace;
        config.standby = shape.standby_count == 0 ? OB_STANDBY_NONE : OB_STANDBY_HOT;
        config.standby_count = shape.standby_count;
        config.hang_limit_ns = 50'000'000;
        rig.add(config);
        rig.set_real_time(shape.pace == OB_PACE_REALTIME);
    }

    void strike(How how, double nan_frames = 0.0)
    {
        REQUIRE(insert().set_parameter(nan_frames_parameter, nan_frames) == OB_OK);
        REQUIRE(insert().set_parameter(how_parameter, how) == OB_OK);
    }
    [[nodiscard]] const Insert& insert() { return rig.insert(); }

    StreamingRig rig;
};

[[nodiscard]] std::vector<ob_incident> incidents_of(const Insert& insert, ob_incident_kind wanted)
{
    std::vector<ob_incident> incidents = take_incidents(insert);
    std::erase_if(incidents, [&](const ob_incident& each) { return each.kind != wanted; });
    return incidents;
}

/// From here on the output is the input, as if nothing had happened.
[[nodiscard]] bool is_input_from(const StreamingRig& rig, std::uint64_t first_frame)
{
    const Audio& output = rig.output();
    for (std::uint64_t frame = first_frame; frame < output.front().size(); ++frame) {
        for (std::uint32_t channel = 0; channel < output.size(); ++channel) {
            if (output[channel][frame] != delayed_signal_at(channel, frame, rig.latency_frames()))
                return false;
        }
    }
    return true;
}

void check_kept_block(const Insert& insert, const ob_incident& incident,
                      std::uint64_t latency_frames)
{
    const auto block = insert.next_poison_block();
    REQUIRE(block);
    CHECK(block->sequence == incident.sequence);
    CHECK(block->stream_frame == incident.stream_frame);
    REQUIRE(block->channel_count == 2);
    const auto first_frame = static_cast<std::int64_t>(block->stream_frame - latency_frames);
    for (std::uint32_t channel = 0; channel < block->channel_count; ++channel) {
        for (std::uint32_t frame = 0; frame < block->frame_count; ++frame)
            CHECK(block->inputs[channel][frame] == signal_at(channel, first_frame + frame));
    }
    // The event that made it poison is there as well.
    const ob_event_header* last = nullptr;
    std::uint32_t event_count = 0;
    for (const ob_event_header* event = ob_event_next(&block->events, nullptr); event != nullptr;
         event = ob_event_next(&block->events, event)) {
        last = event;
        ++event_count;
    }
    REQUIRE(event_count == 2);
    const auto& change = *reinterpret_cast<const ob_event_parameter*>(last);
    CHECK((change.parameter_id == how_parameter || change.parameter_id == nan_frames_parameter));
    CHECK_FALSE(insert.next_poison_block());
}

void check_poison(const Shape& shape)
{
    CAPTURE(shape.frame_count);
    CAPTURE(shape.standby_count);
    CAPTURE(static_cast<int>(shape.mode));
    CAPTURE(static_cast<int>(shape.pace));
    CAPTURE(static_cast<int>(shape.how));
    Rig bad{shape};
    const Insert& insert = bad.insert();
    bad.rig.run(second_frames, every_block(shape.frame_count));
    bad.strike(shape.how);
    REQUIRE(bad.rig.run_until([&] { return insert.statistics().poison_blocks != 0; },
                              30 * second_frames));
    const auto is_whole = [&] {
        const auto status = insert.status();
        return status.service_process_id > 0 && status.standby_count == shape.standby_count;
    };
    REQUIRE(bad.rig.run_until(is_whole, 30 * second_frames));
    const std::uint64_t well_again = bad.rig.frame_count() + 4 * std::uint64_t{shape.frame_count};
    bad.rig.run(second_frames / 2, every_block(shape.frame_count));

    const auto poison = incidents_of(insert, OB_INCIDENT_POISON_BLOCK);
    REQUIRE(poison.size() == 1);
    CHECK(insert.statistics().poison_blocks == 1);
    check_kept_block(insert, poison.front(), bad.rig.latency_frames());
    if (shape.pace == OB_PACE_FREE) {
        CHECK(insert.statistics().failovers >= 2);
        CHECK(insert.statistics().frames_lost == shape.frame_count);
        CHECK(is_input_from(bad.rig, well_again));
    }
}

}  // namespace

TEST_SUITE("integration/bad_block")
{
    TEST_CASE("at free pace a block that ends whoever gets it is left out, and only that block")
    {
        for (const Shape& shape :
             {Shape{}, Shape{.standby_count = 0}, Shape{.standby_count = 2},
              Shape{.frame_count = 441, .mode = OB_MODE_PIPELINED}, Shape{.how = hangs}})
            check_poison(shape);
    }

    TEST_CASE("in real time a block that ends whoever gets it is left out, and the stream goes on")
    {
        check_poison({.pace = OB_PACE_REALTIME});
        check_poison({.standby_count = 0, .pace = OB_PACE_REALTIME});
    }

    TEST_CASE("deaths over different blocks make no poison")
    {
        Rig rig{Shape{}};
        for (int kill = 0; kill < 4; ++kill) {
            rig.rig.run(second_frames / 10, every_block(64));
            REQUIRE(::kill(rig.insert().status().service_process_id, SIGKILL) == 0);
        }
        rig.rig.run(second_frames, every_block(64));
        CHECK(rig.insert().statistics().failovers == 4);
        CHECK(rig.insert().statistics().poison_blocks == 0);
        CHECK(rig.insert().statistics().frames_lost == 0);
    }

    TEST_CASE(
        "a processor that gives NaN in all replicas is reset after three blocks, and none is let "
        "go")
    {
        for (const std::uint32_t standby_count : {0u, 1u, 2u}) {
            CAPTURE(standby_count);
            Rig rig{Shape{.standby_count = standby_count}};
            rig.rig.run(second_frames, every_block(64));
            rig.strike(gives_nan, 1e6);
            rig.rig.run(second_frames, every_block(64));
            const auto statistics = rig.insert().statistics();
            CHECK(statistics.resets == 1);
            CHECK(statistics.frames_lost == 3 * 64);
            CHECK(statistics.concealed_blocks == 3);
            CHECK(statistics.failovers == 0);
            CHECK(statistics.non_finite_blocks >= 3 * (1 + standby_count));
            const auto resets = incidents_of(rig.insert(), OB_INCIDENT_RESET);
            REQUIRE(resets.size() == 1);
            CHECK(resets.front().stream_frame == second_frames + 2 * 64);
            CHECK(is_input_from(rig.rig, second_frames + 8 * 64));
        }
    }

    TEST_CASE("two blocks of NaN are concealed, and nothing is reset")
    {
        Rig rig{Shape{}};
        rig.rig.run(second_frames, every_block(64));
        rig.strike(gives_nan, 128.0);
        rig.rig.run(second_frames, every_block(64));
        CHECK(rig.insert().statistics().frames_lost == 128);
        CHECK(rig.insert().statistics().resets == 0);
    }
}
