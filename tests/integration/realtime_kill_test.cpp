// SPDX-License-Identifier: MIT
//
// Twenty kills in real time, without a standby: 64 frames at 48 kHz, a SCHED_FIFO audio thread
// pinned to a CPU. This machine stalls by itself, so segments of 5 s with kills alternate with
// segments without, and a witness on the same CPU says when nobody was run.

#include "tests/integration/support/gaps.hpp"
#include "tests/integration/support/real_time_stream.hpp"
#include "tests/integration/support/streaming_rig.hpp"
#include "tests/integration/support/test_signal.hpp"
#include "tests/support/binomial.hpp"
#include "tests/support/sanitizer.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/stall_witness.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

using namespace outboard::test;

namespace {

constexpr std::uint64_t deadline_ns = 666'667;  ///< half a period
constexpr std::uint64_t tolerated_ns = 200'000;
constexpr SegmentPlan plan{.pair_count = 5, .kills_per_segment = 4, .segment_ns = 5'000'000'000};

[[nodiscard]] bool is_excess(const BlockRecord& block)
{
    return block.duration_ns > deadline_ns + tolerated_ns;
}

/// From each kill to the first wet frame after it.
[[nodiscard]] std::vector<std::uint64_t> recovery_times_ns(
    const std::vector<ob_incident>& incidents)
{
    std::vector<std::uint64_t> times;
    std::uint64_t fault_ns = 0;
    for (const ob_incident& incident : incidents) {
        if (incident.kind == OB_INCIDENT_FAILOVER)
            fault_ns = incident.fault_ns;
        if (incident.kind == OB_INCIDENT_WET_AGAIN && fault_ns != 0)
            times.push_back(incident.detected_ns - std::exchange(fault_ns, 0));
    }
    std::sort(times.begin(), times.end());
    return times;
}

void check_excesses(const std::vector<BlockRecord>& blocks, const std::vector<Segment>& segments,
                    const StallWitness& witness)
{
    for (const BlockRecord& block : blocks) {
        if (!is_excess(block))
            continue;
        CAPTURE(block.first_frame);
        CAPTURE(block.duration_ns);
        CHECK(witness.saw_gap_between(block.started_ns + deadline_ns,
                                      block.started_ns + block.duration_ns));
    }
    const EventCount with_kills = count_blocks(blocks, segments, true, is_excess);
    const EventCount control = count_blocks(blocks, segments, false, is_excess);
    MESSAGE("process() beyond its deadline + 200 us: "
            << with_kills.events << " of " << with_kills.blocks << " blocks with kills, "
            << control.events << " of " << control.blocks << " without; " << witness.gaps().size()
            << " stalls seen");
    CHECK(with_kills.blocks > 1000);
    CHECK(control.blocks > 1000);
    CHECK(excess_probability(with_kills, control) > 0.001);
}

void check_stream(StreamingRig& rig, const std::vector<ob_incident>& incidents)
{
    const auto statistics = rig.insert().statistics();
    CHECK(statistics.failovers == plan.pair_count * plan.kills_per_segment);
    CHECK(frames_in(gaps_of(incidents)) == statistics.frames_lost);
    for (const ob_incident& incident : incidents) {
        if (incident.kind == OB_INCIDENT_FAILOVER)
            CHECK(incident.cause == OB_CAUSE_CRASH);
    }
    const auto sample = [](float gain) {
        return [gain](std::uint32_t channel, std::uint64_t frame) {
            return gain * delayed_signal_at(channel, frame, 0);
        };
    };
    CHECK(first_contradiction(rig.output(), gaps_of(incidents), sample(-1.0f), sample(1.0f)) == "");

    const auto times_ns = recovery_times_ns(incidents);
    REQUIRE(times_ns.size() == statistics.failovers);
    const std::uint64_t p95_ns = times_ns[times_ns.size() * 95 / 100 - 1];
    MESSAGE("wet again after " << times_ns[times_ns.size() / 2] / 1000 << " us at p50, "
                               << p95_ns / 1000 << " us at p95");
    CHECK(p95_ns < 500'000'000);
}

}  // namespace

TEST_SUITE("integration/realtime_kill")
{
    TEST_CASE("[rt] twenty kills in real time cost dry gaps, and no deadline but the machine's own")
    {
        if (has_sanitizer)
            return skip("with a sanitizer, time is not the machine's alone");
        const int cpu = last_allowed_cpu();
        StallWitness witness{cpu, 90};
        if (!witness.is_realtime())
            return skip("SCHED_FIFO is not available here");
        RealTimeStream stream{cpu, [](const StreamingRig& rig) { return rig.config_for("invert"); },
                              80};
        stream.start();
        StreamingRig& rig = stream.rig();
        sleep_until_ns(monotonic_ns() + 200'000'000);
        const auto segments = run_segments(plan, [&] { return kill_primary(rig.insert(), 0); });
        sleep_until_ns(monotonic_ns() + 500'000'000);
        stream.stop();
        witness.stop();
        REQUIRE(stream.has_rights());
        rig.set_budget_ns(StreamingRig::generous_budget_ns);
        REQUIRE(rig.run_until([&] { return rig.blocks().back().status == OB_OK; }, 48'000));

        check_excesses(rig.blocks(), segments, witness);
        check_stream(rig, take_incidents(rig.insert()));
    }
}
