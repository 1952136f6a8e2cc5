// SPDX-License-Identifier: MIT
//
// All replicas of an insert are killed at once, or the only one is: what comes next starts from the
// last good checkpoint and is fed the past anew. At free pace the output is that of a stream in
// which nothing happened, bit for bit.

#include "tests/integration/support/children.hpp"
#include "tests/integration/support/streaming_rig.hpp"
#include "tests/support/sanitizer.hpp"
#include "tests/support/skip.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <cstdint>
#include <string>

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
    std::uint32_t standby_count = 1;  ///< 0: none
    ob_pace pace = OB_PACE_FREE;
    const char* processor = "reverb";
};

struct Rig {
    explicit Rig(const Shape& shape)
        : rig({.sample_rate_hz = 48'000.0,
               .channel_count = shape.channel_count,
               .max_frame_count = shape.frame_count})
    {
        InsertConfig config = rig.config_for(shape.processor);
        config.service = shape.processor;
        config.processor = nullptr;
        config.mode = shape.mode;
        config.latency_blocks = shape.latency_blocks;
        config.pace = shape.pace;
        config.standby = shape.standby_count == 0 ? OB_STANDBY_NONE : OB_STANDBY_HOT;
        config.standby_count = shape.standby_count;
        rig.add(config);
    }

    StreamingRig rig;
};

/// Streams with all replicas killed now and then, each time when the set is whole.
void stream_with_kills(StreamingRig& rig, const Shape& shape, std::uint64_t interval_frames,
                       std::uint32_t kill_count)
{
    for (std::uint32_t kill = 0; kill < kill_count; ++kill) {
        rig.run(interval_frames, every_block(shape.frame_count));
        const auto children = child_processes();
        REQUIRE(children.size() >= 1 + shape.standby_count);
        for (const std::int32_t child : children)
            ::kill(child, SIGKILL);
    }
    rig.run(interval_frames, every_block(shape.frame_count));
}

void check_identical(const Shape& shape, std::uint64_t interval_frames)
{
    constexpr std::uint32_t kill_count = 3;
    Rig struck{shape};
    stream_with_kills(struck.rig, shape, interval_frames, kill_count);
    const auto statistics = struck.rig.insert().statistics();
    CHECK(statistics.failovers >= kill_count);
    CHECK(statistics.frames_lost == 0);
    CHECK(statistics.concealed_blocks == 0);
    CHECK(statistics.diverged_blocks == 0);

    Rig reference{shape};
    reference.rig.run(struck.rig.frame_count(), every_block(shape.frame_count));
    CHECK((reference.rig.output() == struck.rig.output()));
}

}  // namespace

TEST_SUITE("integration/total_loss")
{
    TEST_CASE("at free pace the loss of all replicas at once is not heard")
    {
        for (const Shape& shape :
             {Shape{}, Shape{.frame_count = 37, .channel_count = 1}, Shape{.standby_count = 2},
              Shape{.frame_count = 441, .mode = OB_MODE_PIPELINED, .latency_blocks = 2},
              Shape{.processor = "delay"}}) {
            CAPTURE(shape.frame_count);
            CAPTURE(shape.standby_count);
            CAPTURE(shape.processor);
            check_identical(shape, 3 * second_frames);
        }
    }

    TEST_CASE("at free pace the loss of an only replica is not heard")
    {
        for (const Shape& shape :
             {Shape{.standby_count = 0}, Shape{.frame_count = 1000, .standby_count = 0},
              Shape{.mode = OB_MODE_PIPELINED, .standby_count = 0}}) {
            CAPTURE(shape.frame_count);
            check_identical(shape, 3 * second_frames);
        }
    }

    TEST_CASE("at free pace a loss before the first checkpoint is not heard")
    {
        check_identical({.standby_count = 0}, 640);
        check_identical({}, 640);
    }

    TEST_CASE("in real time the past is restored: what comes after a loss is wet as before")
    {
        if (has_sanitizer)
            return skip("with a sanitizer, a start takes longer than the history reaches back");
        const Shape shape{.standby_count = 0, .pace = OB_PACE_REALTIME};
        Rig struck{shape};
        struck.rig.set_real_time(true);
        struck.rig.run(second_frames, every_block(shape.frame_count));
        for (const std::int32_t child : child_processes())
            ::kill(child, SIGKILL);
        const Insert& insert = struck.rig.insert();
        REQUIRE(struck.rig.run_until([&] { return insert.statistics().frames_lost != 0; },
                                     10 * second_frames));
        const auto is_wet_again = [&] {
            const auto before = insert.statistics().frames_lost;
            struck.rig.run(640, every_block(shape.frame_count));
            return insert.statistics().frames_lost == before;
        };
        REQUIRE(struck.rig.run_until(is_wet_again, 10 * second_frames));
        struck.rig.run(second_frames / 2, every_block(shape.frame_count));
        REQUIRE(insert.statistics().failovers == 1);
        CAPTURE(insert.statistics().frames_lost);
        if (insert.statistics().frames_lost > second_frames / 5)
            return skip("a start took so long that the history may not reach back");

        Rig reference{{.standby_count = 0}};
        reference.rig.run(struck.rig.frame_count(), every_block(shape.frame_count));
        const std::uint64_t end = struck.rig.frame_count();
        const std::uint64_t first = end - second_frames / 4;
        for (std::uint32_t channel = 0; channel < shape.channel_count; ++channel) {
            std::uint64_t different = 0;
            for (std::uint64_t frame = first; frame < end; ++frame) {
                different +=
                    struck.rig.output()[channel][frame] != reference.rig.output()[channel][frame]
                        ? 1
                        : 0;
            }
            CHECK(different == 0);
        }
    }
}
