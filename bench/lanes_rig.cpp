// SPDX-License-Identifier: MIT

#include "bench/lanes_rig.hpp"

#include "bench/dsp_thread_probe.hpp"
#include "rt/os/clock.hpp"

#include <algorithm>
#include <ctime>
#include <string>

namespace outboard::bench {

namespace {

[[nodiscard]] HostConfig host_config(const LanesConfig& config)
{
    HostConfig host;
    host.name = "lanes benchmark";
    host.supervisor_priority = config.caller_priority > 1 ? config.caller_priority - 1 : 0;
    host.hold_cpu_latency = config.hold_cpu_latency ? 1 : 0;
    return host;
}

[[nodiscard]] CallerConfig caller_config(const LanesConfig& config)
{
    CallerConfig caller;
    caller.realtime_priority = config.caller_priority;
    caller.pinned_cpu = config.caller_cpu;
    return caller;
}

[[nodiscard]] std::uint64_t own_cpu_ns() noexcept
{
    timespec used{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return static_cast<std::uint64_t>(used.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(used.tv_nsec);
}

}  // namespace

LanesRig::LanesRig(const LanesConfig& config)
    : budget_ns_(config.budget_ns),
      host_(host_config(config)),
      caller_(host_, caller_config(config))
{
    InsertConfig insert;
    insert.service = config.service.c_str();
    insert.max_frame_count = frame_count;
    insert.placement = config.placement;
    strips_.reserve(config.lane_count);
    for (std::size_t lane = 0; lane < config.lane_count; ++lane) {
        const std::string group = std::to_string(lane % config.service_count);
        insert.group = group.c_str();
        strips_.push_back({.insert = Insert{caller_, insert}, .in = {}, .out = {}});
        strips_.back().in.fill(0.25F);
    }
    find_threads();
}

void LanesRig::find_threads()
{
    for (const Strip& strip : strips_) {
        const std::int32_t process_id = strip.insert.status().service_process_id;
        const bool is_known =
            std::any_of(threads_.begin(), threads_.end(),
                        [&](const DspThread& known) { return known.process_id == process_id; });
        if (!is_known)
            threads_.push_back({process_id, dsp_thread_of(process_id)});
    }
}

std::uint64_t LanesRig::cycle()
{
    const std::uint64_t cpu_start_ns = own_cpu_ns();
    const std::uint64_t start_ns = rt::os::monotonic_ns();
    caller_.cycle_begin(budget_ns_);
    for (const Strip& strip : strips_) {
        const std::array<const float*, 2> inputs{strip.in.data(), strip.in.data() + frame_count};
        static_cast<void>(strip.insert.post(inputs.data(), frame_count));
    }
    caller_.flush();
    for (Strip& strip : strips_) {
        const std::array<float*, 2> outputs{strip.out.data(), strip.out.data() + frame_count};
        missed_count_ += strip.insert.collect(outputs.data()) == OB_OK ? 0 : 1;
    }
    const std::uint64_t elapsed_ns = rt::os::monotonic_ns() - start_ns;
    host_cpu_ns_ += own_cpu_ns() - cpu_start_ns;
    return elapsed_ns;
}

LanesUse LanesRig::use() const
{
    LanesUse use{.host_cpu_ns = host_cpu_ns_, .service_cpu_ns = 0, .wakes = 0};
    for (const DspThread& thread : threads_) {
        const ThreadUse each = thread_use(thread.process_id, thread.thread_id);
        use.service_cpu_ns += each.cpu_ns;
        use.wakes += each.sleeps;
    }
    return use;
}

}  // namespace outboard::bench
