// SPDX-License-Identifier: MIT
//
// Kills in real time with a hot standby: 64 frames at 48 kHz, a SCHED_FIFO audio thread pinned to a
// CPU, half a period as deadline. This machine stalls by itself, so segments with kills alternate
// with segments without, witnesses on all CPUs tell who was not run, and the totals of what they do
// not explain are compared.

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
#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

using namespace outboard::test;
using outboard::Insert;
using outboard::InsertConfig;

namespace {

constexpr SegmentPlan short_plan{
    .pair_count = 4, .kills_per_segment = 5, .segment_ns = 1'200'000'000};
/// A minute of kills, and as much without.
constexpr SegmentPlan soak_plan{
    .pair_count = 12, .kills_per_segment = 21, .segment_ns = 5'000'000'000};

[[nodiscard]] SegmentPlan chosen_plan()
{
    return std::getenv("OB_SOAK") != nullptr ? soak_plan : short_plan;
}

[[nodiscard]] const char* name_of(ob_standby_placement placement)
{
    return placement == OB_STANDBY_PLACEMENT_TRAILING ? "trailing" : "other CPU";
}

/// Late blocks by cause, in the segments of one kind.
struct LateBlocks {
    std::array<std::uint64_t, OB_CAUSE_BEHIND + 1> by_cause{};

    [[nodiscard]] std::uint64_t of(ob_cause cause) const
    {
        return by_cause[static_cast<std::size_t>(cause)];
    }
    [[nodiscard]] std::string text() const
    {
        return "kill " + std::to_string(of(OB_CAUSE_KILL)) + ", unknown " +
               std::to_string(of(OB_CAUSE_UNKNOWN)) + ", wake " +
               std::to_string(of(OB_CAUSE_WAKE)) + ", dsp " + std::to_string(of(OB_CAUSE_DSP)) +
               ", host " + std::to_string(of(OB_CAUSE_HOST));
    }
};

/// As in the test of kills without a standby: what a wait may end behind its deadline.
constexpr std::uint64_t caller_late_ns = 200'000;

/// A CPU that ran nobody, for a good part of the deadline, while the block was under way.
constexpr std::uint64_t stall_ns = 300'000;
using Witnesses = std::vector<std::unique_ptr<StallWitness>>;

[[nodiscard]] bool stood_still(std::uint64_t from_ns, std::uint64_t to_ns,
                               const Witnesses& witnesses)
{
    return std::any_of(witnesses.begin(), witnesses.end(), [&](const auto& witness) {
        return witness->saw_gap_between(from_ns, to_ns, stall_ns);
    });
}

[[nodiscard]] bool is_explained(const BlockRecord& block, const Witnesses& witnesses)
{
    return stood_still(block.started_ns, block.started_ns + block.duration_ns, witnesses);
}

/// A kill that cost a block because the machine did not run a thread that was ready: the caller
/// came back late from its wait, or a CPU stood still, on which the standby was to run.
[[nodiscard]] bool is_stall(const ob_incident& late, const Witnesses& witnesses)
{
    return late.cause == OB_CAUSE_KILL &&
           (late.collected_ns > late.deadline_ns + caller_late_ns ||
            stood_still(late.posted_ns, late.collected_ns, witnesses));
}

[[nodiscard]] LateBlocks late_blocks_in(const std::vector<ob_incident>& incidents,
                                        const std::vector<Segment>& segments,
                                        const Witnesses& witnesses, bool has_kills)
{
    LateBlocks late;
    for (const ob_incident& incident : incidents) {
        if (incident.kind != OB_INCIDENT_LATE_BLOCK ||
            !is_in(segments, has_kills, incident.posted_ns))
            continue;
        const bool has_stalled = is_stall(incident, witnesses);
        const std::string circumstance = has_stalled ? " in a stall" : "";
        MESSAGE("late: cause " << incident.cause << circumstance << ", collected "
                               << (incident.collected_ns - incident.posted_ns) / 1000
                               << " us after the post, deadline "
                               << (incident.deadline_ns - incident.posted_ns) / 1000 << " us");
        ++late.by_cause[static_cast<std::size_t>(has_stalled ? OB_CAUSE_WAKE : incident.cause)];
    }
    return late;
}

/// From the signal until the library knew, in us, ascending.
[[nodiscard]] std::vector<std::uint64_t> detection_times_us(
    const std::vector<ob_incident>& incidents)
{
    std::vector<std::uint64_t> times;
    for (const ob_incident& incident : incidents) {
        if (incident.kind == OB_INCIDENT_FAILOVER && incident.fault_ns != 0)
            times.push_back((incident.detected_ns - incident.fault_ns) / 1000);
    }
    std::sort(times.begin(), times.end());
    return times;
}

[[nodiscard]] std::ptrdiff_t stall_count(const StallWitness& witness)
{
    return std::count_if(witness.gaps().begin(), witness.gaps().end(),
                         [](const auto& gap) { return gap.to_ns - gap.from_ns >= stall_ns; });
}

void check_totals(const std::vector<BlockRecord>& blocks, const std::vector<Segment>& segments,
                  const Witnesses& witnesses)
{
    const auto is_concealed = [](const BlockRecord& block) { return block.status != OB_OK; };
    const auto is_unexplained = [&](const BlockRecord& block) {
        return is_concealed(block) && !is_explained(block, witnesses);
    };
    const EventCount with_kills = count_blocks(blocks, segments, true, is_concealed);
    const EventCount control = count_blocks(blocks, segments, false, is_concealed);
    MESSAGE("concealed: " << with_kills.events << " of " << with_kills.blocks
                          << " blocks with kills, " << control.events << " of " << control.blocks
                          << " without");
    CHECK(with_kills.blocks > 1000);
    CHECK(control.blocks > 1000);
    const EventCount unexplained = count_blocks(blocks, segments, true, is_unexplained);
    const EventCount control_unexplained = count_blocks(blocks, segments, false, is_unexplained);
    MESSAGE("not explained by a stall: " << unexplained.events << " with kills, "
                                         << control_unexplained.events << " without");
    for (const auto& witness : witnesses)
        MESSAGE("stalls of 300 us and more that a witness saw: " << stall_count(*witness));
    CHECK(excess_probability(unexplained, control_unexplained) > 0.001);
}

[[nodiscard]] Witnesses witnesses_on_all_cpus(int last_cpu)
{
    Witnesses witnesses;
    for (int cpu = 0; cpu <= last_cpu; ++cpu)
        witnesses.push_back(std::make_unique<StallWitness>(cpu, 90));
    return witnesses;
}

void check_kills(const std::vector<ob_incident>& incidents, const std::vector<Segment>& segments,
                 const Witnesses& witnesses, std::uint64_t kill_count)
{
    const LateBlocks with_kills = late_blocks_in(incidents, segments, witnesses, true);
    const LateBlocks control = late_blocks_in(incidents, segments, witnesses, false);
    MESSAGE("late with kills: " << with_kills.text() << "; without: " << control.text());
    CHECK(with_kills.of(OB_CAUSE_KILL) == 0);
    CHECK(with_kills.of(OB_CAUSE_UNKNOWN) <= (kill_count + 99) / 100);
    const auto times_us = detection_times_us(incidents);
    REQUIRE(times_us.size() == kill_count);
    MESSAGE("detected after " << times_us[kill_count / 2] << " us p50, "
                              << times_us[kill_count * 99 / 100] << " us p99, " << times_us.back()
                              << " us at most");
}

void check_output(StreamingRig& rig, const std::vector<ob_incident>& incidents)
{
    const auto sample = [](float gain) {
        return [gain](std::uint32_t channel, std::uint64_t frame) {
            return gain * delayed_signal_at(channel, frame, 0);
        };
    };
    CHECK(frames_in(gaps_of(incidents)) == rig.insert().statistics().frames_lost);
    CHECK(first_contradiction(rig.output(), gaps_of(incidents), sample(-1.0f), sample(1.0f)) == "");
}

void kill_in_real_time(ob_standby_placement placement)
{
    if (has_sanitizer)
        return skip("with a sanitizer, time is not the machine's alone");
    const int cpu = last_allowed_cpu();
    if (!StallWitness{cpu, 90}.is_realtime())
        return skip("SCHED_FIFO is not available here");
    if (placement == OB_STANDBY_PLACEMENT_OTHER && cpu == 0)
        return skip("there is one CPU");
    const SegmentPlan plan = chosen_plan();
    const std::uint64_t seconds_max =
        30 + 3 * static_cast<std::uint64_t>(plan.pair_count) * plan.segment_ns / 1'000'000'000;
    RealTimeStream stream{cpu,
                          [placement](const StreamingRig& rig) {
                              InsertConfig config = rig.config_for("invert");
                              config.standby = OB_STANDBY_HOT;
                              config.standby_placement = placement;
                              return config;
                          },
                          seconds_max};
    const Witnesses witnesses = witnesses_on_all_cpus(cpu);
    stream.start();
    StreamingRig& rig = stream.rig();
    sleep_until_ns(monotonic_ns() + 500'000'000);
    const Insert& insert = rig.insert();
    CHECK(insert.status().standby_placement == placement);
    const auto segments = run_segments(plan, [&] { return kill_primary(insert, 1); });
    sleep_until_ns(monotonic_ns() + 500'000'000);
    stream.stop();
    for (const auto& witness : witnesses)
        witness->stop();
    REQUIRE(stream.has_rights());
    rig.set_budget_ns(StreamingRig::generous_budget_ns);
    REQUIRE(rig.run_until([&] { return rig.blocks().back().status == OB_OK; }, 48'000));

    const auto kill_count = static_cast<std::uint64_t>(plan.pair_count) *
                            static_cast<std::uint64_t>(plan.kills_per_segment);
    const auto incidents = take_incidents(insert);
    MESSAGE(std::string{name_of(placement)} << ": " << kill_count << " kills");
    CHECK(insert.statistics().failovers == kill_count);
    CHECK(insert.statistics().incidents_dropped == 0);
    check_kills(incidents, segments, witnesses, kill_count);
    check_totals(rig.blocks(), segments, witnesses);
    check_output(rig, incidents);
    const auto round_trip = insert.histogram(OB_HISTOGRAM_ROUND_TRIP);
    MESSAGE("round trip p50 " << round_trip.p50_ns << " ns, p99 " << round_trip.p99_ns << " ns");
}

}  // namespace

TEST_SUITE("integration/realtime_standby")
{
    TEST_CASE("[rt] a standby that trails loses no block to a kill in real time")
    {
        kill_in_real_time(OB_STANDBY_PLACEMENT_TRAILING);
    }

    TEST_CASE("[rt] a standby on another CPU loses no block to a kill in real time")
    {
        kill_in_real_time(OB_STANDBY_PLACEMENT_OTHER);
    }
}
