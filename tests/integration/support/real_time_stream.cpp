// SPDX-License-Identifier: MIT

#include "tests/integration/support/real_time_stream.hpp"

#include "tests/integration/support/seed.hpp"

#include <doctest/doctest.h>
#include <sched.h>

#include <algorithm>
#include <chrono>

namespace outboard::test {

namespace {

[[nodiscard]] CallerConfig pinned_caller(int cpu)
{
    CallerConfig config;
    config.realtime_priority = audio_priority;
    config.pinned_cpu = cpu;
    return config;
}

[[nodiscard]] HostConfig host_with_supervisor()
{
    HostConfig config = test_host_config();
    config.supervisor_priority = audio_priority - 1;
    return config;
}

}  // namespace

int last_allowed_cpu()
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

RealTimeStream::RealTimeStream(int cpu,
                               const std::function<InsertConfig(const StreamingRig&)>& config_of,
                               std::uint64_t seconds_max)
    : cpu_(cpu),
      rig_({48'000.0, 2, real_time_block_frames}, pinned_caller(cpu), host_with_supervisor())
{
    rig_.add(config_of(rig_));
    rig_.set_budget_ns(0);
    rig_.reserve(seconds_max * 48'000);
}

void RealTimeStream::start()
{
    thread_ = std::thread{[this] {
        ob_realtime_grant grant{};
        const ob_status status = ob_thread_make_realtime(audio_priority, cpu_, &grant);
        has_rights_ = status == OB_OK && grant.step == OB_REALTIME_FIFO && grant.cpu == cpu_;
        rig_.set_real_time(true);
        while (!is_to_stop_)
            static_cast<void>(rig_.push(real_time_block_frames));
    }};
}

void RealTimeStream::stop()
{
    is_to_stop_ = true;
    if (thread_.joinable())
        thread_.join();
}

bool kill_primary(const Insert& insert, std::uint32_t standby_count)
{
    for (int attempt = 0; attempt < 2500; ++attempt) {
        const bool is_whole = standby_count == 0 || insert.status().standby_count >= standby_count;
        if (is_whole && ob_insert_inject_fault(insert.get(), OB_FAULT_KILL, 0) == OB_OK)
            return true;
        std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
    return false;
}

std::vector<Segment> run_segments(const SegmentPlan& plan, const std::function<bool()>& kill)
{
    auto generator = seeded_generator();
    std::vector<Segment> segments;
    for (int index = 0; index < 2 * plan.pair_count; ++index) {
        const std::uint64_t start_ns = monotonic_ns();
        const bool has_kills = index % 2 == 1;
        for (int number = 0; has_kills && number < plan.kills_per_segment; ++number) {
            const std::uint64_t share_ns =
                plan.segment_ns / static_cast<std::uint64_t>(plan.kills_per_segment);
            const auto delay_ns =
                random_between<std::uint64_t>(generator, 0, share_ns - share_ns / 4);
            sleep_until_ns(start_ns + static_cast<std::uint64_t>(number) * share_ns + delay_ns);
            REQUIRE(kill());
        }
        sleep_until_ns(start_ns + plan.segment_ns);
        segments.push_back({start_ns, monotonic_ns(), has_kills});
    }
    return segments;
}

bool is_in(const std::vector<Segment>& segments, bool has_kills, std::uint64_t time_ns)
{
    return std::any_of(segments.begin(), segments.end(), [&](const Segment& segment) {
        return segment.has_kills == has_kills && time_ns >= segment.from_ns &&
               time_ns < segment.to_ns;
    });
}

EventCount count_blocks(const std::vector<BlockRecord>& blocks,
                        const std::vector<Segment>& segments, bool has_kills,
                        const std::function<bool(const BlockRecord&)>& is_counted)
{
    EventCount count{0, 0};
    for (const BlockRecord& block : blocks) {
        if (!is_in(segments, has_kills, block.started_ns))
            continue;
        ++count.blocks;
        count.events += is_counted(block) ? 1 : 0;
    }
    return count;
}

}  // namespace outboard::test
