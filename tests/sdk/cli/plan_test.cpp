// SPDX-License-Identifier: MIT
//
// The arithmetic of a run: what strikes when, what is written, what is drawn, what is counted.

#include "sdk/cli/failure.hpp"
#include "sdk/cli/fault_plan.hpp"
#include "sdk/cli/histogram.hpp"
#include "sdk/cli/incidents.hpp"
#include "sdk/cli/output_window.hpp"
#include "sdk/cli/peak_trace.hpp"
#include "sdk/cli/playlist.hpp"
#include "tests/sdk/cli/run_fixture.hpp"
#include "tests/support/no_alloc_scope.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace {

using namespace outboard::cli;

FaultPlan plan_of(const std::vector<std::string>& texts)
{
    std::vector<FaultSpec> specs;
    for (const std::string& text : texts)
        specs.push_back(parse_fault(text));
    return {specs, {"reverb", "gain"}, 48'000};
}

}  // namespace

TEST_SUITE("sdk/cli/plan")
{
    TEST_CASE("without faults nothing strikes")
    {
        CHECK_FALSE(plan_of({}).next());
    }

    TEST_CASE("faults strike in the order of their frames, each once")
    {
        FaultPlan plan = plan_of({"gain:stop@1s", "kill@0.5s"});
        REQUIRE(plan.next());
        CHECK(plan.next()->frame == 24'000);
        CHECK(plan.next()->insert_index == 0);
        plan.advance();
        REQUIRE(plan.next());
        CHECK(plan.next()->frame == 48'000);
        CHECK(plan.next()->insert_index == 1);
        CHECK(plan.next()->kind == OB_FAULT_STOP);
        plan.advance();
        CHECK_FALSE(plan.next());
    }

    TEST_CASE("a repeated fault goes on for ever and does not drift")
    {
        FaultSpec spec = parse_fault("kill@every=1001us");
        FaultPlan plan{{&spec, 1}, {"reverb"}, 44'100};
        for (int strike = 0; strike < 999; ++strike)
            plan.advance();
        REQUIRE(plan.next());
        CHECK(plan.next()->frame == 44'144);  // 1.001 s, rounded once
    }

    TEST_CASE("a fault for a service that the chain does not have is refused")
    {
        CHECK_THROWS_AS(static_cast<void>(plan_of({"delay:kill@1s"})), Failure);
    }

    TEST_CASE("the window takes out the latency and ends to the frame")
    {
        const OutputWindow window{100, 1000};
        CHECK(window.part_of(0, 64).frame_count == 0);
        CHECK(window.part_of(64, 64).offset_frames == 36);
        CHECK(window.part_of(64, 64).frame_count == 28);
        CHECK(window.part_of(128, 64).offset_frames == 0);
        CHECK(window.part_of(128, 64).frame_count == 64);
        CHECK(window.part_of(960, 64).frame_count == 40);
        CHECK(window.part_of(1024, 64).frame_count == 0);

        std::uint64_t total = 0;
        for (std::uint64_t position = 0; position < 1100; position += 37)
            total += window.part_of(position, 37).frame_count;
        CHECK(total == 900);
    }

    TEST_CASE("a trace has the highest and lowest sample of each slice, of all channels")
    {
        PeakTrace trace{2400};  // two frames a slice
        REQUIRE(trace.frames_per_slice() == 2);
        const std::array left{0.1F, -0.2F, 0.3F};
        const std::array right{0.0F, 0.5F, -0.6F};
        const std::array<const float*, 2> channels{left.data(), right.data()};
        trace.add(channels, 3);
        CHECK(trace.slices()[0].high == 0.5F);
        CHECK(trace.slices()[0].low == -0.2F);
        CHECK(trace.slices()[1].high == 0.3F);
        CHECK(trace.slices()[1].low == -0.6F);
        CHECK(trace.slices()[2].high == 0.0F);
    }

    TEST_CASE("a trace holds a sound of any length and ignores what is beyond it [rt]")
    {
        PeakTrace trace{5000};
        CHECK(trace.slices().size() <= PeakTrace::slice_count_max);
        const std::vector<float> block(1000, 1.0F);
        const float* const channel = block.data();
        const outboard::test::NoAllocScope scope;
        for (int index = 0; index < 6; ++index)
            trace.add({&channel, 1}, block.size());
        const auto violations = scope.violations();
        CHECK(violations == 0);
        CHECK(std::all_of(trace.slices().begin(), trace.slices().end(),
                          [](const Peak& peak) { return peak.high == 1.0F; }));
    }

    TEST_CASE("inputs follow each other without a gap, as often as asked, then silence [rt]")
    {
        Playlist playlist{{"tone:12000:1ms", "tone:6000:1ms"}, {48'000, 2}, 2};
        REQUIRE(playlist.frame_count() == 4 * 48);
        std::vector<float> left(256, 9.0F);
        std::vector<float> right(256, 9.0F);
        const std::array<float*, 2> channels{left.data(), right.data()};
        const outboard::test::NoAllocScope scope;
        playlist.read(channels, 256);
        const auto violations = scope.violations();
        CHECK(violations == 0);
        CHECK(left == right);
        CHECK(left[1] == doctest::Approx(0.5012).epsilon(0.001));       // 12 kHz
        CHECK(left[48 + 2] == doctest::Approx(0.5012).epsilon(0.001));  // 6 kHz
        CHECK(left[96 + 1] == doctest::Approx(0.5012).epsilon(0.001));  // 12 kHz again
        CHECK(left[192] == 0.0F);
        CHECK(left[255] == 0.0F);
    }

    TEST_CASE("an input that is missing ends with exit code 3")
    {
        try {
            const Playlist playlist{{"/nowhere/voice.wav"}, {}, 1};
            FAIL("opened a file that is not there");
        } catch (const Failure& failure) {
            CHECK(failure.code() == ExitCode::input);
            CHECK(std::string{failure.what()}.find("/nowhere/voice.wav") != std::string::npos);
        }
    }

    TEST_CASE("histograms add up bucket by bucket")
    {
        const Histogram left{.buckets = {{10, 20, 1}, {40, 80, 2}}, .max_ns = 70};
        const Histogram right{.buckets = {{10, 20, 5}, {20, 40, 1}}, .max_ns = 39};
        const Histogram sum = merge(left, right);
        REQUIRE(sum.buckets.size() == 3);
        CHECK(sum.buckets[0].count == 6);
        CHECK(sum.buckets[1].count == 1);
        CHECK(sum.buckets[2].count == 2);
        CHECK(sum.max_ns == 70);
        CHECK(total_count(sum) == 9);
    }

    TEST_CASE("a percentile is where that part of the values is reached")
    {
        CHECK_FALSE(percentile_ns({}, 0.5));
        const Histogram histogram{.buckets = {{100, 101, 98}, {200, 201, 1}, {300, 310, 1}},
                                  .max_ns = 303};
        CHECK(percentile_ns(histogram, 0.5) == doctest::Approx(100));
        CHECK(percentile_ns(histogram, 0.98) == doctest::Approx(100));
        CHECK(percentile_ns(histogram, 0.99) == doctest::Approx(200));
        CHECK(percentile_ns(histogram, 1.0) == doctest::Approx(303));  // not beyond the longest
    }

    TEST_CASE("a service lost and an answer again are one failover of that insert")
    {
        using outboard::cli::test::incident;
        const std::array incidents{
            incident(0, OB_INCIDENT_FAILOVER, 100), incident(1, OB_INCIDENT_FAILOVER, 150),
            incident(0, OB_INCIDENT_FAILOVER, 200), incident(0, OB_INCIDENT_WET_AGAIN, 500, 400)};
        const auto failovers = pair_failovers(incidents);
        REQUIRE(failovers.size() == 3);
        CHECK(failovers[0].frames_lost == 400);
        CHECK(gap_frames(failovers[0]) == 400U);
        CHECK(failovers[1].insert_index == 1);
        CHECK_FALSE(gap_frames(failovers[1]));
        CHECK(failovers[2].frames_lost == 0);  // its gap was counted with the first
        CHECK(gap_frames(failovers[2]) == 300U);
        CHECK(end_text(failovers[0]) == "signal 9");
    }

    TEST_CASE("a service lost leaves no gap where the insert was wet at the end, and none was told")
    {
        std::array<Failover, 2> failovers{};
        failovers[0].lost.stream_frame = 700;
        failovers[1].insert_index = 1;
        close_without_gaps(failovers, 0);
        CHECK(gap_frames(failovers[0]) == 0U);
        CHECK_FALSE(gap_frames(failovers[1]));
    }

    TEST_CASE("the time of detection is known only for our own faults")
    {
        Failover failover;
        failover.lost.detected_ns = 5000;
        CHECK_FALSE(detected_us(failover));
        failover.lost.fault_ns = 3000;
        CHECK(detected_us(failover) == doctest::Approx(2));
    }
}
