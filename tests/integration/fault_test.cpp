// SPDX-License-Identifier: MIT
//
// Services die, hang and misbehave while audio streams, without a standby. What was promised is
// held against the recorded stream, frame by frame.

#include "tests/integration/support/gaps.hpp"
#include "tests/integration/support/seed.hpp"
#include "tests/integration/support/streaming_rig.hpp"
#include "tests/integration/support/test_signal.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <csignal>
#include <string>

using namespace outboard::test;
using outboard::Insert;
using outboard::InsertConfig;

namespace {

constexpr std::uint64_t frames_per_second = 48'000;

/// A fault, and what is to be said of the service that it struck.
struct Fault {
    const char* name;
    ob_fault kind;
    std::uint32_t argument;
    bool is_deadly;
    ob_cause cause;
    std::int32_t detail;
};
constexpr std::array<Fault, 7> faults{{
    {"kill", OB_FAULT_KILL, 0, true, OB_CAUSE_CRASH, -SIGKILL},
    {"stop", OB_FAULT_STOP, 0, true, OB_CAUSE_HANG, 0},
    {"segv", OB_FAULT_SEGV, 0, true, OB_CAUSE_CRASH, -SIGSEGV},
    {"exit", OB_FAULT_EXIT, 0, true, OB_CAUSE_CRASH, 3},
    {"spin", OB_FAULT_SPIN, 0, true, OB_CAUSE_HANG, 0},
    {"late", OB_FAULT_LATE, 30, false, OB_CAUSE_UNKNOWN, 0},
    {"nan", OB_FAULT_NAN, 0, false, OB_CAUSE_UNKNOWN, 0},
}};

[[nodiscard]] InsertConfig hooked(const StreamingRig& rig, const char* processor)
{
    InsertConfig config = rig.config_for(processor);
    config.flags |= OB_INSERT_FAULT_HOOK;
    return config;
}

[[nodiscard]] Wave delayed_input(std::uint64_t latency_frames, float gain)
{
    return [latency_frames, gain](std::uint32_t channel, std::uint64_t frame) {
        return gain * delayed_signal_at(channel, frame, latency_frames);
    };
}

[[nodiscard]] bool answers(StreamingRig& rig)
{
    const auto state = rig.insert().status().state;
    return state == OB_INSERT_WET && rig.blocks().back().status == OB_OK;
}

/// Streams until nothing is concealed any more, so that every gap has been told.
void end_wet(StreamingRig& rig)
{
    REQUIRE(rig.run_until([&] { return answers(rig); }, 10 * frames_per_second));
}

/// Whether the service was lost, or did what it was told to.
[[nodiscard]] bool has_struck(const Fault& fault, const ob_insert_statistics& before,
                              const ob_insert_statistics& now,
                              const std::vector<ob_incident>& incidents)
{
    if (fault.is_deadly)
        return now.failovers > before.failovers;
    if (fault.kind == OB_FAULT_NAN)
        return now.non_finite_blocks > before.non_finite_blocks;
    const std::uint64_t busy_ns = std::uint64_t{fault.argument} * 1'000'000;
    return std::any_of(incidents.begin(), incidents.end(), [busy_ns](const ob_incident& incident) {
        return incident.kind == OB_INCIDENT_LATE_BLOCK && incident.cause == OB_CAUSE_DSP &&
               incident.dsp_ended_ns - incident.dsp_started_ns >= busy_ns;
    });
}

/// Streams until it is seen that the fault struck, and then until the insert is wet again.
/// @return the incidents meanwhile
[[nodiscard]] std::vector<ob_incident> strike_and_recover(StreamingRig& rig, const Fault& fault)
{
    CAPTURE(fault.name);
    const Insert& insert = rig.insert();
    const auto before = insert.statistics();
    std::vector<ob_incident> incidents;
    const auto fetch = [&] {
        const auto fresh = take_incidents(insert);
        incidents.insert(incidents.end(), fresh.begin(), fresh.end());
    };
    REQUIRE(ob_insert_inject_fault(insert.get(), fault.kind, fault.argument) == OB_OK);
    const bool was_seen = rig.run_until(
        [&] {
            fetch();
            return has_struck(fault, before, insert.statistics(), incidents);
        },
        10 * frames_per_second);
    REQUIRE(was_seen);
    end_wet(rig);
    rig.run(1280, every_block(64));
    fetch();
    return incidents;
}

/// The incidents' own arithmetic: with no block left concealed, all figures agree.
void check_accounts(StreamingRig& rig, const std::vector<ob_incident>& incidents)
{
    const auto statistics = rig.insert().statistics();
    const auto gaps = gaps_of(incidents);
    CHECK(frames_in(gaps) == statistics.frames_lost);
    CHECK(statistics.frames == rig.frame_count());
    CHECK(statistics.incidents_dropped == 0);
    CHECK(statistics.corrupt_replies == 0);
    const auto concealed = std::count_if(rig.blocks().begin(), rig.blocks().end(),
                                         [](const auto& b) { return b.status == OB_CONCEALED; });
    CHECK(static_cast<std::uint64_t>(concealed) == statistics.concealed_blocks);
    const auto failovers =
        std::count_if(incidents.begin(), incidents.end(),
                      [](const ob_incident& i) { return i.kind == OB_INCIDENT_FAILOVER; });
    CHECK(static_cast<std::uint64_t>(failovers) == statistics.failovers);
}

/// Every fault once, in random order and at random points, and the whole stream checked.
void check_all_faults(const InsertConfig& adjusted, StreamingRig& rig, const Wave& wet,
                      const Wave& fallback)
{
    auto generator = seeded_generator();
    auto order = faults;
    std::shuffle(order.begin(), order.end(), generator);
    rig.add(adjusted);
    rig.set_real_time(true);
    rig.set_budget_ns(0);
    std::vector<ob_incident> incidents;
    for (const Fault& fault : order) {
        rig.run(random_between(generator, 64u, 9600u), every_block(64));
        end_wet(rig);
        const auto earlier = take_incidents(rig.insert());
        incidents.insert(incidents.end(), earlier.begin(), earlier.end());
        const auto fresh = strike_and_recover(rig, fault);
        incidents.insert(incidents.end(), fresh.begin(), fresh.end());
        if (!fault.is_deadly)
            continue;
        const auto failover = std::find_if(fresh.begin(), fresh.end(), [](const ob_incident& i) {
            return i.kind == OB_INCIDENT_FAILOVER;
        });
        CAPTURE(fault.name);
        REQUIRE(failover != fresh.end());
        CHECK(failover->cause == fault.cause);
        CHECK(failover->detail == fault.detail);
        CHECK(failover->fault_ns != 0);
        CHECK(failover->detected_ns >= failover->fault_ns);
    }
    end_wet(rig);
    const auto rest = take_incidents(rig.insert());
    incidents.insert(incidents.end(), rest.begin(), rest.end());
    check_accounts(rig, incidents);
    CHECK(first_contradiction(rig.output(), gaps_of(incidents), wet, fallback) == "");
}

}  // namespace

TEST_SUITE("integration/fault")
{
    TEST_CASE("whatever happens to the service, the output is wet or dry as the incidents say")
    {
        StreamingRig rig{{48'000.0, 2, 64}};
        check_all_faults(hooked(rig, "invert"), rig, delayed_input(0, -1.0f),
                         delayed_input(0, 1.0f));
    }

    TEST_CASE("pipelined, the dry fallback is late by the insert's latency")
    {
        StreamingRig rig{{48'000.0, 2, 64}};
        InsertConfig config = hooked(rig, "late_latency_inverted");
        config.mode = OB_MODE_PIPELINED;
        config.latency_blocks = 2;
        // What the delay line of a fresh service does not know yet is silent.
        auto generator = seeded_generator();
        rig.add(config);
        rig.set_real_time(true);
        rig.set_budget_ns(0);
        rig.run(4800, every_block(64));
        std::vector<ob_incident> incidents;
        for (int kill = 0; kill < 3; ++kill) {
            rig.run(random_between(generator, 64u, 4800u), every_block(64));
            end_wet(rig);
            const auto fresh = strike_and_recover(rig, faults[0]);
            incidents.insert(incidents.end(), fresh.begin(), fresh.end());
        }
        end_wet(rig);
        const auto rest = take_incidents(rig.insert());
        incidents.insert(incidents.end(), rest.begin(), rest.end());
        check_accounts(rig, incidents);
        const auto gaps = gaps_of(incidents);
        const std::uint64_t latency = rig.latency_frames();
        REQUIRE(latency == 128 + 100);
        const auto wet = [&](std::uint32_t channel, std::uint64_t frame) {
            const bool is_before_line_is_full =
                std::any_of(gaps.begin(), gaps.end(), [frame](const Gap& gap) {
                    return frame >= gap.end_frame && frame < gap.end_frame + 100;
                });
            return is_before_line_is_full ? rig.output()[channel][frame]
                                          : -1.0f * delayed_signal_at(channel, frame, latency);
        };
        CHECK(first_contradiction(rig.output(), gaps, wet, delayed_input(latency, 1.0f)) == "");
    }

    TEST_CASE("the silent fallback is silent")
    {
        StreamingRig rig{{48'000.0, 1, 64}};
        InsertConfig config = hooked(rig, "invert");
        config.fallback = OB_FALLBACK_SILENCE;
        check_all_faults(config, rig, delayed_input(0, -1.0f),
                         [](std::uint32_t, std::uint64_t) { return 0.0f; });
    }

    TEST_CASE("the hold fallback goes on with what was played and fades out")
    {
        StreamingRig rig{{48'000.0, 1, 64}};
        InsertConfig config = hooked(rig, "level");
        config.fallback = OB_FALLBACK_HOLD;
        rig.add(config);
        rig.set_real_time(true);
        rig.run(9600, every_block(64));
        rig.set_budget_ns(0);
        // Stopped, so that the gap is longer than the 100 ms until a service counts as hung.
        const auto gaps = gaps_of(strike_and_recover(rig, faults[1]));
        REQUIRE(!gaps.empty());
        const auto longest =
            *std::max_element(gaps.begin(), gaps.end(), [](const Gap& a, const Gap& b) {
                return a.end_frame - a.first_frame < b.end_frame - b.first_frame;
            });
        REQUIRE(longest.end_frame - longest.first_frame > 4800);
        const auto& output = rig.output()[0];
        // The level goes on at 0.25 and falls to 1 / e within 50 ms.
        for (std::uint64_t frame = longest.first_frame + 64; frame < longest.end_frame; ++frame) {
            const auto age_frames = static_cast<double>(frame - longest.first_frame);
            const double expected = 0.25 * std::exp(-age_frames / 2400.0);
            REQUIRE(std::abs(output[frame] - expected) < 0.1 * expected + 1e-6);
        }
    }

    TEST_CASE("offline, kills lose nothing and a deterministic output does not change")
    {
        for (const ob_mode mode : {OB_MODE_SYNC, OB_MODE_PIPELINED}) {
            for (const char* const processor : {"identity", "fixed37"}) {
                CAPTURE(processor);
                auto generator = seeded_generator();
                StreamingRig rig{{48'000.0, 2, 64}};
                InsertConfig config = hooked(rig, processor);
                config.pace = OB_PACE_FREE;
                config.mode = mode;
                config.latency_blocks = 4;
                config.hang_limit_ns = 200'000'000;
                rig.add(config);
                for (const auto kind : {OB_FAULT_KILL, OB_FAULT_STOP, OB_FAULT_KILL, OB_FAULT_SEGV,
                                        OB_FAULT_EXIT, OB_FAULT_SPIN}) {
                    rig.run(random_between(generator, 1u, 6400u), varying_blocks(64, test_seed()));
                    const auto struck = rig.run_until(
                        [&] {
                            return ob_insert_inject_fault(rig.insert().get(), kind, 0) == OB_OK;
                        },
                        frames_per_second);
                    REQUIRE(struck);
                    // A signal needs its time to arrive; the stream would be through before it.
                    const auto failovers = rig.insert().statistics().failovers;
                    REQUIRE(rig.run_until(
                        [&] { return rig.insert().statistics().failovers > failovers; },
                        100 * frames_per_second));
                }
                rig.run(6400, every_block(64));
                const auto statistics = rig.insert().statistics();
                CHECK(statistics.failovers == 6);
                CHECK(statistics.frames_lost == 0);
                CHECK(first_frame_unlike_input(rig.output(), rig.latency_frames()) == std::nullopt);
            }
        }
    }
}
