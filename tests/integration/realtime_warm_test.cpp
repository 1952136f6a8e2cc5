// SPDX-License-Identifier: MIT
//
// Kills in real time with a warm standby: a reverb with two blocks of latency, a SCHED_FIFO audio
// thread pinned to a CPU. A block may only be lost to a kill where the forecast had said so just
// before it.

#include "tests/integration/support/gaps.hpp"
#include "tests/integration/support/real_time_stream.hpp"
#include "tests/integration/support/streaming_rig.hpp"
#include "tests/support/sanitizer.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/stall_witness.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

using namespace outboard::test;
using outboard::Insert;
using outboard::InsertConfig;

namespace {

/// A minute of kills, and as much without.
constexpr SegmentPlan plan{.pair_count = 12, .kills_per_segment = 21, .segment_ns = 5'000'000'000};
/// As in the tests of kills without a standby: what a wait may end behind its deadline.
constexpr std::uint64_t caller_late_ns = 200'000;

struct Kill {
    std::uint64_t at_ns;
    std::uint32_t blocks_lost_max;  ///< as the forecast just before it
    std::uint32_t blocks_lost = 0;
};

[[nodiscard]] InsertConfig warm_config(const StreamingRig& rig)
{
    InsertConfig config = rig.config_for("reverb");
    config.service = "reverb";
    config.processor = nullptr;
    config.mode = OB_MODE_PIPELINED;
    config.latency_blocks = 2;
    config.standby = OB_STANDBY_WARM;
    return config;
}

/// Waits for a whole set, asks what a death would cost, and kills.
[[nodiscard]] bool kill_with_forecast(const Insert& insert, std::vector<Kill>& kills)
{
    for (int attempt = 0; attempt < 2'500; ++attempt) {
        ob_insert_forecast forecast{};
        REQUIRE(ob_insert_get_forecast(insert.get(), &forecast) == OB_OK);
        const std::uint64_t at_ns = monotonic_ns();
        if (forecast.guarantee == OB_GUARANTEE_EXACT &&
            ob_insert_inject_fault(insert.get(), OB_FAULT_KILL, 0) == OB_OK) {
            kills.push_back({.at_ns = at_ns, .blocks_lost_max = forecast.blocks_lost_max});
            return true;
        }
        sleep_until_ns(at_ns + 2'000'000);
    }
    return false;
}

/// The kills that have cost more late blocks than the forecast had said.
[[nodiscard]] std::ptrdiff_t broken_forecasts(const std::vector<ob_incident>& incidents,
                                              std::vector<Kill> kills)
{
    for (const ob_incident& incident : incidents) {
        const bool is_kill = incident.cause == OB_CAUSE_KILL || incident.cause == OB_CAUSE_UNKNOWN;
        // A caller that came back late from its wait stood still with its CPU, whoever was killed.
        const bool is_stall = incident.collected_ns > incident.deadline_ns + caller_late_ns;
        if (incident.kind != OB_INCIDENT_LATE_BLOCK || !is_kill || is_stall)
            continue;
        const auto later = std::find_if(kills.begin(), kills.end(), [&](const Kill& kill) {
            return kill.at_ns > incident.collected_ns;
        });
        REQUIRE(later != kills.begin());
        ++(later - 1)->blocks_lost;
    }
    for (const Kill& kill : kills) {
        if (kill.blocks_lost != 0)
            MESSAGE("a kill cost " << kill.blocks_lost << " blocks, forecast at most "
                                   << kill.blocks_lost_max);
    }
    return std::count_if(kills.begin(), kills.end(),
                         [](const Kill& kill) { return kill.blocks_lost > kill.blocks_lost_max; });
}

}  // namespace

TEST_SUITE("integration/realtime_warm")
{
    TEST_CASE("[rt] kills in real time cost what the forecast had said, and no more")
    {
        if (has_sanitizer)
            return skip("with a sanitizer, time is not the machine's alone");
        const int cpu = last_allowed_cpu();
        if (!StallWitness{cpu, 90}.is_realtime())
            return skip("SCHED_FIFO is not available here");
        constexpr auto kill_count = static_cast<std::uint64_t>(plan.pair_count) *
                                    static_cast<std::uint64_t>(plan.kills_per_segment);
        RealTimeStream stream{
            cpu, warm_config,
            30 + 3 * static_cast<std::uint64_t>(plan.pair_count) * plan.segment_ns / 1'000'000'000};
        stream.start();
        StreamingRig& rig = stream.rig();
        sleep_until_ns(monotonic_ns() + 1'000'000'000);
        const Insert& insert = rig.insert();
        std::vector<Kill> kills;
        const auto segments = run_segments(plan, [&] { return kill_with_forecast(insert, kills); });
        sleep_until_ns(monotonic_ns() + 500'000'000);
        stream.stop();
        REQUIRE(stream.has_rights());

        const auto incidents = take_incidents(insert);
        CHECK(insert.statistics().failovers == kill_count);
        CHECK(insert.statistics().incidents_dropped == 0);
        CHECK(frames_in(gaps_of(incidents)) == insert.statistics().frames_lost);
        CHECK(broken_forecasts(incidents, kills) == 0);
        const auto promised = std::count_if(
            kills.begin(), kills.end(), [](const Kill& kill) { return kill.blocks_lost_max == 0; });
        const auto is_concealed = [](const BlockRecord& block) { return block.status != OB_OK; };
        const EventCount with_kills = count_blocks(rig.blocks(), segments, true, is_concealed);
        const EventCount control = count_blocks(rig.blocks(), segments, false, is_concealed);
        MESSAGE(kill_count << " kills, of which " << promised
                           << " were to cost nothing; concealed: " << with_kills.events << " of "
                           << with_kills.blocks << " blocks with kills, " << control.events
                           << " of " << control.blocks << " without");
    }
}
