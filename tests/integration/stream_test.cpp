// SPDX-License-Identifier: MIT
//
// Streams without a fault: what comes out is what the processor made of what went in, at the
// latency that is reported, to the frame and bit for bit.

#include "tests/integration/support/seed.hpp"
#include "tests/integration/support/streaming_rig.hpp"
#include "tests/integration/support/test_signal.hpp"

#include <outboard/block_times.h>

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <numeric>
#include <string>
#include <thread>

using namespace outboard::test;
using outboard::Insert;
using outboard::InsertConfig;

namespace {

constexpr std::array<std::uint32_t, 7> block_sizes{1, 32, 37, 64, 128, 441, 1000};

struct Shape {
    double sample_rate_hz;
    std::uint32_t channel_count;
};
constexpr std::array<Shape, 6> shapes{
    {{48'000.0, 1}, {48'000.0, 2}, {48'000.0, 8}, {44'100.0, 1}, {44'100.0, 2}, {44'100.0, 8}}};

[[nodiscard]] std::string name_of(const Shape& shape, std::uint32_t block)
{
    return std::to_string(shape.channel_count) + " channels, " +
           std::to_string(static_cast<int>(shape.sample_rate_hz)) + " Hz, blocks of " +
           std::to_string(block);
}

/// Streams equal blocks, then blocks of all lengths, and compares all that came out.
void check_delayed_exactly(StreamingRig& rig, std::uint64_t expected_latency_frames)
{
    const std::uint32_t block = rig.format().max_frame_count;
    REQUIRE(rig.latency_frames() == expected_latency_frames);
    rig.run(20 * std::uint64_t{block}, every_block(block));
    rig.run(20 * std::uint64_t{block} + 2 * expected_latency_frames,
            varying_blocks(block, test_seed()));
    CHECK(first_frame_unlike_input(rig.output(), expected_latency_frames) == std::nullopt);
    const auto statistics = rig.insert().statistics();
    CHECK(statistics.frames == rig.frame_count());
    CHECK(statistics.blocks == rig.blocks().size());
    CHECK(statistics.frames_lost == 0);
    CHECK(statistics.failovers == 0);
}

/// For each shape and block length.
template <typename Adjust>
void check_all_formats(Adjust&& adjust)
{
    for (const Shape& shape : shapes) {
        for (const std::uint32_t block : block_sizes) {
            CAPTURE(name_of(shape, block));
            StreamingRig rig{{shape.sample_rate_hz, shape.channel_count, block}};
            InsertConfig config = rig.config_for("identity");
            const std::uint64_t latency_frames = adjust(config);
            rig.add(config);
            check_delayed_exactly(rig, latency_frames);
        }
    }
}

}  // namespace

TEST_SUITE("integration/stream")
{
    TEST_CASE("in sync mode the output is the input, in the same block")
    {
        check_all_formats([](InsertConfig&) { return std::uint64_t{0}; });
    }

    TEST_CASE("in pipelined mode the output is the input, late by exactly the latency reported")
    {
        for (const std::uint32_t latency_blocks : {1u, 2u, 4u}) {
            CAPTURE(latency_blocks);
            check_all_formats([latency_blocks](InsertConfig& config) {
                config.mode = OB_MODE_PIPELINED;
                config.latency_blocks = latency_blocks;
                return std::uint64_t{latency_blocks} * config.max_frame_count;
            });
        }
    }

    TEST_CASE("a processor that demands one block length costs that length and no frame more")
    {
        for (const std::uint32_t block : block_sizes) {
            for (const std::uint32_t fixed : {64u, 37u}) {
                CAPTURE(block);
                CAPTURE(fixed);
                StreamingRig rig{{48'000.0, 2, block}};
                rig.add(rig.config_for(fixed == 64 ? "fixed64" : "fixed37"));
                check_delayed_exactly(rig, fixed);
            }
        }
    }

    TEST_CASE("the block adaptor's latency and the pipeline's add up")
    {
        for (const std::uint32_t block : block_sizes) {
            CAPTURE(block);
            StreamingRig rig{{48'000.0, 2, block}};
            InsertConfig config = rig.config_for("fixed37");
            config.mode = OB_MODE_PIPELINED;
            config.latency_blocks = 2;
            rig.add(config);
            check_delayed_exactly(rig, 37 + 2 * std::uint64_t{block});
        }
    }

    TEST_CASE("the times of the last block are in the order in which it went from hand to hand")
    {
        for (const ob_mode mode : {OB_MODE_SYNC, OB_MODE_PIPELINED}) {
            StreamingRig rig{{48'000.0, 2, 64}};
            InsertConfig config = rig.config_for("identity");
            config.mode = mode;
            rig.add(config);
            ob_block_times times{};
            REQUIRE(ob_insert_get_block_times(rig.insert().get(), &times) == OB_OK);
            CHECK(times.dsp_started_ns == 0);
            rig.run(640, every_block(64));
            REQUIRE(ob_insert_get_block_times(rig.insert().get(), &times) == OB_OK);
            CHECK(times.started_ns != 0);
            CHECK(times.started_ns <= times.posted_ns);
            CHECK(times.posted_ns <= times.seen_ns);
            CHECK(times.dsp_started_ns != 0);
            CHECK(times.dsp_started_ns <= times.dsp_ended_ns);
            CHECK(times.dsp_ended_ns <= times.seen_ns);
        }
    }

    TEST_CASE("the processor's own latency is reported and real")
    {
        for (const ob_mode mode : {OB_MODE_SYNC, OB_MODE_PIPELINED}) {
            StreamingRig rig{{48'000.0, 2, 64}};
            InsertConfig config = rig.config_for("late_latency");
            config.mode = mode;
            rig.add(config);
            check_delayed_exactly(rig, mode == OB_MODE_SYNC ? 100 : 164);
            CHECK(rig.insert().status().processor_latency_frames == 100);
        }
    }

    TEST_CASE("the latencies of a chain add up, and every insert is in it")
    {
        StreamingRig rig{{48'000.0, 2, 128}};
        InsertConfig pipelined = rig.config_for("invert");
        pipelined.mode = OB_MODE_PIPELINED;
        rig.add(pipelined);
        rig.add(rig.config_for("late_latency"));
        rig.add(rig.config_for("invert"));
        check_delayed_exactly(rig, 128 + 100);
    }

    TEST_CASE("free pace and real-time pace give the same output")
    {
        const auto record = [](ob_pace pace, bool is_real_time) {
            StreamingRig rig{{48'000.0, 2, 64}};
            InsertConfig config = rig.config_for("late_latency");
            config.mode = OB_MODE_PIPELINED;
            config.pace = pace;
            rig.add(config);
            rig.set_real_time(is_real_time);
            rig.run(24'000, varying_blocks(64, test_seed()));
            return rig.output();
        };
        const Audio paced = record(OB_PACE_REALTIME, true);
        CHECK(paced == record(OB_PACE_FREE, false));
        CHECK(first_frame_unlike_input(paced, 164) == std::nullopt);
    }

    TEST_CASE("eight inserts are posted together, flushed once and collected")
    {
        constexpr std::size_t insert_count = 8;
        constexpr std::uint32_t block = 64;
        outboard::Host host{test_host_config()};
        outboard::Caller caller{host};
        const StreamingRig format{{48'000.0, 1, block}};
        std::vector<std::unique_ptr<Insert>> inserts;
        for (std::size_t index = 0; index < insert_count; ++index)
            inserts.push_back(std::make_unique<Insert>(caller, format.config_for("identity")));

        Audio output(insert_count);
        std::vector<float> in(block);
        std::vector<float> out(block);
        const float* const input = in.data();
        float* const collected = out.data();
        for (std::int64_t first = 0; first < 12'800; first += block) {
            caller.cycle_begin(StreamingRig::generous_budget_ns);
            for (std::uint32_t index = 0; index < insert_count; ++index) {
                for (std::uint32_t i = 0; i < block; ++i)
                    in[i] = signal_at(index, first + i);
                REQUIRE(inserts[index]->post(&input, block) == OB_OK);
            }
            caller.flush();
            for (std::size_t index = 0; index < insert_count; ++index) {
                REQUIRE(inserts[index]->collect(&collected) == OB_OK);
                output[index].insert(output[index].end(), out.begin(), out.end());
            }
        }
        CHECK(first_frame_unlike_input(output, 0) == std::nullopt);
    }

    TEST_CASE("with the cycle's time used up an insert conceals, and pipelined it need not wait")
    {
        StreamingRig sync{{48'000.0, 1, 64}};
        // 300 us a block: even a service that preempts its caller is found at work sooner or later.
        sync.add(sync.config_for("busy"));
        sync.set_budget_ns(1);
        CHECK(sync.run_until([&] { return sync.insert().statistics().concealed_blocks > 0; },
                             10 * 48'000));
        const auto statistics = sync.insert().statistics();
        CHECK(statistics.frames_lost == 64 * statistics.concealed_blocks);

        // 4 blocks of 100 ms each: the answer is there long before it is asked for.
        StreamingRig pipelined{{48'000.0, 1, 4800}};
        InsertConfig config = pipelined.config_for("identity");
        config.mode = OB_MODE_PIPELINED;
        config.latency_blocks = 4;
        pipelined.add(config);
        pipelined.set_budget_ns(1);
        pipelined.set_real_time(true);
        pipelined.run(48'000, every_block(4800));
        CHECK(first_frame_unlike_input(pipelined.output(), 19'200) == std::nullopt);
    }

    TEST_CASE("no frames and too many are refused, the output is silent and the stream goes on")
    {
        StreamingRig rig{{48'000.0, 1, 64}};
        Insert& insert = rig.add(rig.config_for("identity"));
        std::array<float, 65> samples{};
        const float* const in = samples.data();
        float* const out = samples.data();
        rig.run(640, every_block(64));

        CHECK(insert.process(&in, &out, 0) == OB_ERR_INVALID_ARGUMENT);
        samples.fill(1.0f);
        CHECK(insert.process(&in, &out, 65) == OB_ERR_INVALID_ARGUMENT);
        CHECK(std::accumulate(samples.begin(), samples.end(), 0.0f) == 0.0f);
        CHECK(insert.collect(&out) == OB_ERR_INVALID_ARGUMENT);

        rig.run(640, every_block(64));
        CHECK(first_frame_unlike_input(rig.output(), 0) == std::nullopt);
        CHECK(insert.statistics().blocks == 20);
    }

    TEST_CASE("a second thread inside an insert is told so and does no harm")
    {
        StreamingRig rig{{48'000.0, 1, 64}};
        Insert& insert = rig.add(rig.config_for("identity"));
        REQUIRE(rig.push(64) == OB_OK);
        // A block that takes 300 ms holds the first thread inside.
        InsertConfig hooked = rig.config_for("identity");
        hooked.flags |= OB_INSERT_FAULT_HOOK;
        Insert& slow = rig.add(hooked);
        REQUIRE(rig.push(64) == OB_OK);
        REQUIRE(ob_insert_inject_fault(slow.get(), OB_FAULT_LATE, 300) == OB_OK);

        std::atomic<bool> is_done{false};
        std::atomic<int> busy_count{0};
        std::thread intruder{[&] {
            std::array<float, 64> samples{};
            const float* const in = samples.data();
            while (!is_done) {
                // Within another's block it must not get in; between two it would be our turn,
                // and a test of ours would disturb the stream, so it only posts nothing.
                if (slow.post(&in, 0) == OB_ERR_BUSY)
                    ++busy_count;
                std::this_thread::sleep_for(std::chrono::milliseconds{1});
            }
        }};
        const bool was_seen = rig.run_until([&] { return busy_count > 0; }, 48'000);
        is_done = true;
        intruder.join();
        CHECK(was_seen);
        CHECK(first_frame_unlike_input(rig.output(), 0) == std::nullopt);
        CHECK(insert.statistics().frames_lost == 0);
    }
}
