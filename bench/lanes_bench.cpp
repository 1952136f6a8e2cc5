// SPDX-License-Identifier: MIT
//
// What a lane costs among many, beside an insert that has its service alone: the time of a cycle
// and the CPU time of host and services, by the number of lanes and of services. And beside JACK2
// with as many clients.

#include "bench/chunked_ratio.hpp"
#include "bench/distance_probe.hpp"
#include "bench/jack_graph.hpp"
#include "bench/lanes_rig.hpp"
#include "bench/machine.hpp"
#include "bench/options.hpp"
#include "bench/paced_stream.hpp"

#include <cstdio>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace outboard;
using namespace outboard::bench;

constexpr int caller_priority = 80;
constexpr std::size_t cycles_a_chunk = 250;
constexpr std::size_t quick_cycles_a_chunk = 25;
constexpr std::size_t lane_counts[] = {1, 4, 16, 64, 256};
constexpr std::size_t service_counts[] = {1, 2, 4, 8};

struct Placement {
    const char* name;
    ob_placement placement;
    bool hold_cpu_latency;
};
constexpr Placement placements[] = {{"same", OB_PLACEMENT_SAME, false},
                                    {"other-latency0", OB_PLACEMENT_OTHER, true}};

struct Measurement {
    Placement placement;
    std::size_t lane_count;
    std::size_t service_count;

    [[nodiscard]] bool is_beside_jack() const
    {
        return service_count == 1 && placement.placement == OB_PLACEMENT_SAME;
    }
    [[nodiscard]] std::string name() const
    {
        return std::to_string(lane_count) + "-lanes-" + std::to_string(service_count) +
               (service_count == 1 ? "-service-" : "-services-") + placement.name;
    }
};

/// Of one rig, a cycle each.
struct Costs {
    std::uint64_t p50_ns = 0;
    std::uint64_t p99_ns = 0;
    std::uint64_t max_ns = 0;
    double host_cpu_ns = 0.0;
    double service_cpu_ns = 0.0;
    double wakes = 0.0;
    std::uint64_t missed_count = 0;
};

struct Figures {
    Costs many;
    Costs lone;
    std::optional<JackCosts> jack;
    Ratio cycle;                  ///< of the two, by the median of a chunk
    double lane_share = 0.0;      ///< a lane's cycle time to the lone insert's
    double lane_cpu_share = 0.0;  ///< the same of CPU time
    std::size_t cycle_count = 0;
    std::uint64_t distance_ns = 0;
};

[[nodiscard]] Samples run_chunk(LanesRig& rig, std::size_t cycle_count)
{
    Samples samples;
    samples.reserve(cycle_count);
    Pacer pacer;
    for (std::size_t cycle = 0; cycle < cycle_count; ++cycle) {
        pacer.wait();
        samples.push_back(rig.cycle());
    }
    return samples;
}

[[nodiscard]] Costs costs_of(const LanesRig& rig, const LanesUse& before,
                             const std::vector<ChunkPair>& pairs, Samples ChunkPair::*side)
{
    Samples all;
    for (const ChunkPair& pair : pairs)
        all.insert(all.end(), (pair.*side).begin(), (pair.*side).end());
    const LanesUse after = rig.use();
    const auto a_cycle = [&](std::uint64_t until, std::uint64_t from) {
        return static_cast<double>(until - from) / static_cast<double>(all.size());
    };
    return {.p50_ns = quantile_of(all, 0.5),
            .p99_ns = quantile_of(all, 0.99),
            .max_ns = quantile_of(all, 1.0),
            .host_cpu_ns = a_cycle(after.host_cpu_ns, before.host_cpu_ns),
            .service_cpu_ns = a_cycle(after.service_cpu_ns, before.service_cpu_ns),
            .wakes = a_cycle(after.wakes, before.wakes),
            .missed_count = rig.missed_count()};
}

/// On the caller's thread.
void measure_pairs(LanesRig& many, LanesRig& lone, const Options& options, Figures& figures)
{
    const std::size_t cycle_count = options.is_quick ? quick_cycles_a_chunk : cycles_a_chunk;
    static_cast<void>(run_chunk(many, cycle_count));  // warms up
    static_cast<void>(run_chunk(lone, cycle_count));
    const LanesUse many_before = many.use();
    const LanesUse lone_before = lone.use();
    const auto pairs = run_alternating(
        options.pair_count, [&] { return run_chunk(many, cycle_count); },
        [&] { return run_chunk(lone, cycle_count); });
    figures.many = costs_of(many, many_before, pairs, &ChunkPair::ours);
    figures.lone = costs_of(lone, lone_before, pairs, &ChunkPair::other);
    figures.cycle = ratio_at(pairs, 0.5);
    figures.cycle_count = options.pair_count * cycle_count;
}

[[nodiscard]] std::optional<JackCosts> try_jack(std::size_t client_count, std::size_t cycle_count,
                                                int priority)
{
    try {
        return measure_jack(client_count, cycle_count, priority);
    } catch (const std::exception& error) {
        std::printf("no figures of JACK with %zu clients: %s\n", client_count, error.what());
        return std::nullopt;
    }
}

[[nodiscard]] Figures measure(const Measurement& measurement, const Options& options,
                              const Machine& machine)
{
    LanesConfig config{.lane_count = measurement.lane_count,
                       .service_count = measurement.service_count,
                       .caller_cpu = machine.cpus.front(),
                       .caller_priority = machine.may_be_fifo ? caller_priority : 0,
                       .placement = measurement.placement.placement,
                       .hold_cpu_latency = measurement.placement.hold_cpu_latency};
    LanesRig many{config};
    config.lane_count = 1;
    config.service_count = 1;
    LanesRig lone{config};
    DistanceProbe probe{machine.cpus.front(), machine.cpus.back()};
    Figures figures;
    std::thread caller{[&] {
        take_cpu(config.caller_cpu, config.caller_priority);
        measure_pairs(many, lone, options, figures);
        figures.distance_ns = probe.round_trip_ns();
    }};
    caller.join();
    if (measurement.is_beside_jack()) {
        figures.jack =
            try_jack(measurement.lane_count, figures.cycle_count, config.caller_priority);
    }
    const auto lanes = static_cast<double>(measurement.lane_count);
    figures.lane_share = figures.cycle.median / lanes;
    figures.lane_cpu_share = (figures.many.host_cpu_ns + figures.many.service_cpu_ns) / lanes /
                             (figures.lone.host_cpu_ns + figures.lone.service_cpu_ns);
    return figures;
}

[[nodiscard]] double us(double ns) noexcept
{
    return ns / 1e3;
}

void print_header()
{
    std::printf("%-32s %21s %16s %14s %8s %9s %6s  %s\n", "", "cycle p50/p99, us", "lone p50/p99",
                "CPU host+serv.", "us/lane", "lane/lone", "wakes", "CPUs");
}

void print(const Measurement& measurement, const Figures& figures)
{
    const auto p50 = static_cast<double>(figures.many.p50_ns);
    std::printf("%-32s %10.1f %10.1f %8.1f %7.1f %7.1f+%6.1f %8.3f  1/%-6.1f %6.2f  %s%s\n",
                measurement.name().c_str(), us(p50), us(static_cast<double>(figures.many.p99_ns)),
                us(static_cast<double>(figures.lone.p50_ns)),
                us(static_cast<double>(figures.lone.p99_ns)), us(figures.many.host_cpu_ns),
                us(figures.many.service_cpu_ns),
                us(p50) / static_cast<double>(measurement.lane_count), 1.0 / figures.lane_share,
                figures.many.wakes, distance_name(figures.distance_ns),
                figures.many.missed_count != 0 ? "  answers were missed" : "");
    if (const auto& jack = figures.jack) {
        std::printf("%-32s %10.1f %10.1f %24s %7.1f\n",
                    ("  JACK2, " + std::to_string(measurement.lane_count) + " clients").c_str(),
                    us(static_cast<double>(jack->p50_ns)), us(static_cast<double>(jack->p99_ns)),
                    "", us(jack->cpu_ns));
    }
    static_cast<void>(std::fflush(stdout));
}

[[nodiscard]] nlohmann::json to_json(const Costs& costs)
{
    return {{"p50_ns", costs.p50_ns},
            {"p99_ns", costs.p99_ns},
            {"max_ns", costs.max_ns},
            {"host_cpu_ns", costs.host_cpu_ns},
            {"service_cpu_ns", costs.service_cpu_ns},
            {"wakes", costs.wakes},
            {"missed", costs.missed_count}};
}

[[nodiscard]] nlohmann::json to_json(const JackCosts& costs)
{
    return {{"p50_ns", costs.p50_ns}, {"p99_ns", costs.p99_ns},      {"max_ns", costs.max_ns},
            {"cpu_ns", costs.cpu_ns}, {"cycles", costs.cycle_count}, {"xruns", costs.xrun_count}};
}

[[nodiscard]] nlohmann::json to_json(const Measurement& measurement, const Figures& figures)
{
    nlohmann::json result{
        {"name", measurement.name()},
        {"lanes", measurement.lane_count},
        {"services", measurement.service_count},
        {"placement", measurement.placement.name},
        {"cycles", figures.cycle_count},
        {"many", to_json(figures.many)},
        {"lone", to_json(figures.lone)},
        {"ratio",
         {{"median", figures.cycle.median},
          {"quartiles", {figures.cycle.lower_quartile, figures.cycle.upper_quartile}},
          {"same", figures.cycle.same_median}}},
        {"lane_share", figures.lane_share},
        {"lane_cpu_share", figures.lane_cpu_share},
        {"distance_ns", figures.distance_ns}};
    if (figures.jack)
        result["jack"] = to_json(*figures.jack);
    return result;
}

/// From 16 lanes to 256, in one service.
void print_slope(const char* placement, const std::map<std::size_t, std::uint64_t>& p50_by_lanes)
{
    const auto few = p50_by_lanes.find(16);
    const auto many = p50_by_lanes.find(256);
    if (few == p50_by_lanes.end() || many == p50_by_lanes.end())
        return;
    const double slope_ns = (static_cast<double>(many->second) - static_cast<double>(few->second)) /
                            static_cast<double>(many->first - few->first);
    std::printf("%s: %.3f us a lane from 16 to 256 lanes in one service\n", placement,
                us(slope_ns));
}

[[nodiscard]] std::vector<Measurement> measurements()
{
    std::vector<Measurement> all;
    for (const Placement& placement : placements) {
        for (const std::size_t services : service_counts) {
            for (const std::size_t lanes : lane_counts) {
                if (lanes >= services)
                    all.push_back({placement, lanes, services});
            }
        }
    }
    return all;
}

[[nodiscard]] ExitCode run(int argc, char** argv)
{
    std::vector<std::string> names;
    for (const Measurement& measurement : measurements())
        names.push_back(measurement.name());
    Options options;
    if (const auto exit_code = parse_options(
            argc, argv, "Many lanes: what one costs beside a service of its own", names, options))
        return *exit_code;
    const Machine machine = describe_machine();
    print_head(options, machine);
    print_header();
    nlohmann::json results = nlohmann::json::array();
    for (const Placement& placement : placements) {
        std::map<std::size_t, std::uint64_t> p50_by_lanes;
        for (const Measurement& measurement : measurements()) {
            if (measurement.placement.name != placement.name ||
                !is_wanted(options, measurement.name()))
                continue;
            const Figures figures = measure(measurement, options, machine);
            print(measurement, figures);
            results.push_back(to_json(measurement, figures));
            if (measurement.service_count == 1)
                p50_by_lanes[measurement.lane_count] = figures.many.p50_ns;
        }
        print_slope(placement.name, p50_by_lanes);
    }
    write_json("lanes", options, machine, results);
    return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv)
{
    if (const auto exit_code = run_as_jack_clients(argc, argv))
        return *exit_code;
    return run_reporting_errors(run, argc, argv);
}
