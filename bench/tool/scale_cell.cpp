// SPDX-License-Identifier: MIT

#include "bench/tool/scale_cell.hpp"

#include "bench/distance_probe.hpp"
#include "bench/interruption.hpp"
#include "bench/lanes_rig.hpp"
#include "bench/paced_stream.hpp"
#include "bench/steal_time.hpp"
#include "bench/tool/lane_ramp.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cstdint>
#include <thread>
#include <utility>
#include <vector>

namespace outboard::bench {

namespace {

constexpr int caller_priority = 80;
/// A stall of the machine is seldom there three times.
constexpr int try_count = 3;
/// CPU time is read once in so many cycles.
constexpr std::size_t chunk_cycles = 50;
constexpr std::size_t warm_up_cycles = 50;

[[nodiscard]] const char* name_of(ob_placement placement) noexcept
{
    return placement == OB_PLACEMENT_SAME ? "same" : "other";
}

/// What one number of lanes gave.
struct Step {
    std::vector<std::uint64_t> cycles_ns;
    std::vector<double> cycle_times_s;
    std::vector<std::uint64_t> lane_cpu_ns;  ///< of host and services, a lane and cycle
    std::vector<double> chunk_times_s;
    std::uint64_t missed_count = 0;
    double load = 0.0;  ///< the services' CPU time as a share of the period
    double steal_ms = 0.0;
    std::uint64_t distance_ns = 0;
};

class StepRun {
public:
    StepRun(const LanesConfig& config, std::size_t cycle_count)
        : lane_count_(config.lane_count),
          cycle_count_(cycle_count),
          rig_(config)
    {}

    /// On the caller's thread.
    [[nodiscard]] Step run()
    {
        for (std::size_t cycle = 0; cycle < warm_up_cycles; ++cycle)
            pace_cycle();
        const LanesUse before = rig_.use();
        const std::uint64_t missed_before = rig_.missed_count();
        const StealTime steal;
        const std::uint64_t start_ns = rt::os::monotonic_ns();
        for (std::size_t cycle = 0; cycle < cycle_count_ && !is_interrupted();
             cycle += chunk_cycles)
            run_chunk(start_ns);
        step_.missed_count = rig_.missed_count() - missed_before;
        step_.steal_ms = steal.ms_since();
        const auto cycles = static_cast<double>(std::max<std::size_t>(1, step_.cycles_ns.size()));
        step_.load = static_cast<double>(rig_.use().service_cpu_ns - before.service_cpu_ns) /
                     cycles / static_cast<double>(paced_period_ns);
        return std::move(step_);
    }

private:
    std::uint64_t pace_cycle()
    {
        pacer_.wait();
        return rig_.cycle();
    }
    void run_chunk(std::uint64_t start_ns)
    {
        const LanesUse before = rig_.use();
        for (std::size_t cycle = 0; cycle < chunk_cycles; ++cycle) {
            step_.cycles_ns.push_back(pace_cycle());
            step_.cycle_times_s.push_back(seconds_since(start_ns));
        }
        const LanesUse after = rig_.use();
        const std::uint64_t used_ns =
            after.host_cpu_ns - before.host_cpu_ns + after.service_cpu_ns - before.service_cpu_ns;
        step_.lane_cpu_ns.push_back(used_ns / chunk_cycles / lane_count_);
        step_.chunk_times_s.push_back(seconds_since(start_ns));
    }
    [[nodiscard]] static double seconds_since(std::uint64_t start_ns) noexcept
    {
        return static_cast<double>(rt::os::monotonic_ns() - start_ns) / 1e9;
    }

    std::size_t lane_count_;
    std::size_t cycle_count_;
    LanesRig rig_;
    Pacer pacer_;
    Step step_;
};

[[nodiscard]] Step run_step(const ScaleCell& cell, const ScalePlan& plan, const Machine& machine,
                            std::size_t lane_count)
{
    const int priority = machine.may_be_fifo ? caller_priority : 0;
    StepRun run{{.service = plan.service,
                 .lane_count = lane_count,
                 .service_count = cell.service_count,
                 .caller_cpu = machine.cpus.front(),
                 .caller_priority = priority,
                 .placement = cell.placement,
                 .hold_cpu_latency = false,
                 .budget_ns = paced_period_ns / 2},
                plan.cycle_count};
    DistanceProbe probe{machine.cpus.front(), machine.cpus.back()};
    Step step;
    std::thread caller{[&] {
        take_cpu(machine.cpus.front(), priority);
        step = run.run();
        step.distance_ns = probe.round_trip_ns();
    }};
    caller.join();
    return step;
}

/// The last try: the first in which all cycles were in time, if there is one.
[[nodiscard]] Step try_step(const ScaleCell& cell, const ScalePlan& plan, const Machine& machine,
                            std::size_t lane_count)
{
    Step step = run_step(cell, plan, machine, lane_count);
    for (int again = 1; again < try_count && step.missed_count != 0 && !is_interrupted(); ++again)
        step = run_step(cell, plan, machine, lane_count);
    return step;
}

void add_measurements(const ScaleCell& cell, const ScalePlan& plan, std::size_t lane_count,
                      const Step& step, Result& result)
{
    Measurement measurement;
    measurement.cell =
        cell.name() + '/' + std::to_string(lane_count) + (lane_count == 1 ? "-lane" : "-lanes");
    measurement.parameters = {{"services", cell.service_count},
                              {"placement", name_of(cell.placement)},
                              {"lanes", lane_count},
                              {"service", plan.service},
                              {"block", LanesRig::frame_count},
                              {"missed", step.missed_count},
                              {"load", step.load}};
    measurement.warm_up_count = warm_up_cycles;
    measurement.steal_ms = step.steal_ms;
    measurement.distance_after_ns = measurement.distance_before_ns = step.distance_ns;
    const auto add = [&](const char* name, const auto& values, const auto& times_s) {
        Measurement named = measurement;
        named.name = measurement.cell + '/' + name;
        describe_values(named, values, times_s);
        result.measurements.push_back(std::move(named));
    };
    add("cycle", step.cycles_ns, step.cycle_times_s);
    add("CPU a lane", step.lane_cpu_ns, step.chunk_times_s);
}

[[nodiscard]] std::string in_words(const Limit& limit, std::size_t lane_limit)
{
    if (limit.lanes_held == 0)
        return fmt::format("{:<50} {} lanes were too many\n", limit.cell, *limit.lanes_missed);
    const std::string end = limit.lanes_missed
                                ? fmt::format("{} missed a deadline in each of {} tries",
                                              *limit.lanes_missed, try_count)
                                : fmt::format("more than {} were not tried", lane_limit);
    return fmt::format("{:<50} {} lanes at {:.0f} % of the period; {}\n", limit.cell,
                       limit.lanes_held, 100 * limit.load_held, end);
}

}  // namespace

std::string ScaleCell::name() const
{
    return std::to_string(service_count) + (service_count == 1 ? "-service/" : "-services/") +
           name_of(placement);
}

std::string measure_scale_cell(const ScaleCell& cell, const ScalePlan& plan, const Machine& machine,
                               Result& result)
{
    LaneRamp ramp{cell.service_count, plan.lane_limit};
    Limit limit;
    limit.cell = cell.name();
    while (const auto lane_count = ramp.next()) {
        const Step step = try_step(cell, plan, machine, *lane_count);
        if (is_interrupted())
            return "";
        add_measurements(cell, plan, *lane_count, step, result);
        const bool is_held = step.missed_count == 0;
        ramp.note(*lane_count, is_held);
        if (is_held)
            limit.load_held = step.load;
    }
    limit.lanes_held = ramp.held();
    limit.lanes_missed = ramp.missed();
    result.limits.push_back(limit);
    return in_words(limit, plan.lane_limit);
}

}  // namespace outboard::bench
