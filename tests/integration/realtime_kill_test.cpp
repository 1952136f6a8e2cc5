// SPDX-License-Identifier: MIT
//
// Twenty kills in real time, without a standby: 64 frames at 48 kHz, a SCHED_FIFO audio thread
// pinned to a CPU. This machine stalls by itself, so segments of 5 s with kills alternate with
// segments without, and a witness on the same CPU says when nobody was run.

#include "tests/integration/support/gaps.hpp"
#include "tests/integration/support/seed.hpp"
#include "tests/integration/support/streaming_rig.hpp"
#include "tests/integration/support/test_signal.hpp"
#include "tests/support/binomial.hpp"
#include "tests/support/sanitizer.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/stall_witness.hpp"

#include <doctest/doctest.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <utility>
#include <vector>

using namespace outboard::test;
using outboard::CallerConfig;
using outboard::HostConfig;

namespace {

constexpr int audio_priority = 70;
constexpr std::uint32_t block_frames = 64;
constexpr std::uint64_t deadline_ns = 666'667;  ///< half a period
constexpr std::uint64_t tolerated_ns = 200'000;
constexpr int segment_pair_count = 5;
constexpr int kills_per_segment = 4;
constexpr std::uint64_t segment_ns = 5'000'000'000;
constexpr std::uint64_t frame_count_max = 80ULL * 48'000;  ///< more than all segments take

struct Segment {
    std::uint64_t from_ns;
    std::uint64_t to_ns;
    bool has_kills;
};

[[nodiscard]] int last_allowed_cpu()
{
    cpu_set_t allowed;
    REQUIRE(::sched_getaffinity(0, sizeof(allowed), &allowed) == 0);
    int last = 0;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (CPU_ISSET(cpu, &allowed))
            last = cpu;
    }
    return last;
}

void sleep_until_ns(std::uint64_t time_ns)
{
    std::this_thread::sleep_until(
        std::chrono::steady_clock::time_point{std::chrono::nanoseconds{time_ns}});
}

/// The audio thread with all that it owns; streams from start() to stop().
class RealTimeStream {
public:
    explicit RealTimeStream(int cpu) : rig_({48'000.0, 2, block_frames}, caller(cpu), host())
    {
        rig_.add(rig_.config_for("invert"));
        rig_.set_budget_ns(0);
        rig_.reserve(frame_count_max);
    }
    ~RealTimeStream() { stop(); }
    RealTimeStream(const RealTimeStream&) = delete;
    RealTimeStream(RealTimeStream&&) = delete;
    RealTimeStream& operator=(const RealTimeStream&) = delete;
    RealTimeStream& operator=(RealTimeStream&&) = delete;

    void start(int cpu)
    {
        thread_ = std::thread{[this, cpu] {
            ob_realtime_grant grant{};
            const ob_status status = ob_thread_make_realtime(audio_priority, cpu, &grant);
            has_rights_ = status == OB_OK && grant.step == OB_REALTIME_FIFO && grant.cpu == cpu;
            rig_.set_real_time(true);
            while (!is_to_stop_)
                static_cast<void>(rig_.push(block_frames));
        }};
    }
    void stop()
    {
        is_to_stop_ = true;
        if (thread_.joinable())
            thread_.join();
    }
    [[nodiscard]] bool has_rights() const noexcept { return has_rights_; }
    [[nodiscard]] StreamingRig& rig() noexcept { return rig_; }

private:
    [[nodiscard]] static CallerConfig caller(int cpu)
    {
        CallerConfig config;
        config.realtime_priority = audio_priority;
        config.pinned_cpu = cpu;
        return config;
    }
    [[nodiscard]] static HostConfig host()
    {
        HostConfig config = test_host_config();
        config.supervisor_priority = audio_priority - 1;
        return config;
    }

    StreamingRig rig_;
    std::atomic<bool> is_to_stop_{false};
    std::atomic<bool> has_rights_{false};
    std::thread thread_;
};

/// Kills the service now, waiting for one to be there. @return whether there was
[[nodiscard]] bool kill_service(const outboard::Insert& insert)
{
    for (int attempt = 0; attempt < 500; ++attempt) {
        if (ob_insert_inject_fault(insert.get(), OB_FAULT_KILL, 0) == OB_OK)
            return true;
        std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
    return false;
}

/// Segments by turns without and with kills, at random points of the latter.
[[nodiscard]] std::vector<Segment> run_segments(const outboard::Insert& insert)
{
    auto generator = seeded_generator();
    std::vector<Segment> segments;
    for (int index = 0; index < 2 * segment_pair_count; ++index) {
        const std::uint64_t start_ns = monotonic_ns();
        const bool has_kills = index % 2 == 1;
        for (int kill = 0; has_kills && kill < kills_per_segment; ++kill) {
            constexpr std::uint64_t share_ns = segment_ns / kills_per_segment;
            const auto delay_ns =
                random_between<std::uint64_t>(generator, 0, share_ns - share_ns / 4);
            sleep_until_ns(start_ns + static_cast<std::uint64_t>(kill) * share_ns + delay_ns);
            REQUIRE(kill_service(insert));
        }
        sleep_until_ns(start_ns + segment_ns);
        segments.push_back({start_ns, monotonic_ns(), has_kills});
    }
    return segments;
}

[[nodiscard]] bool is_excess(const BlockRecord& block)
{
    return block.duration_ns > deadline_ns + tolerated_ns;
}

/// Blocks, and excesses among them, in the segments of one kind.
[[nodiscard]] EventCount excesses_in(const std::vector<BlockRecord>& blocks,
                                     const std::vector<Segment>& segments, bool has_kills)
{
    EventCount count{0, 0};
    for (const BlockRecord& block : blocks) {
        const bool is_inside =
            std::any_of(segments.begin(), segments.end(), [&](const Segment& segment) {
                return segment.has_kills == has_kills && block.started_ns >= segment.from_ns &&
                       block.started_ns < segment.to_ns;
            });
        count.blocks += is_inside ? 1 : 0;
        count.events += is_inside && is_excess(block) ? 1 : 0;
    }
    return count;
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
    const EventCount with_kills = excesses_in(blocks, segments, true);
    const EventCount control = excesses_in(blocks, segments, false);
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
    CHECK(statistics.failovers == segment_pair_count * kills_per_segment);
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
        RealTimeStream stream{cpu};
        stream.start(cpu);
        StreamingRig& rig = stream.rig();
        sleep_until_ns(monotonic_ns() + 200'000'000);
        const auto segments = run_segments(rig.insert());
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
