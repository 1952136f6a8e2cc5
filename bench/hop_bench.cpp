// SPDX-License-Identifier: MIT
//
// A block to a null processor and back, beside the bare primitive of the same placement.

#include "bench/chunked_ratio.hpp"
#include "bench/distance_probe.hpp"
#include "bench/hop_bare.hpp"
#include "bench/hop_null.hpp"
#include "bench/options.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace outboard;
using namespace outboard::bench;

constexpr int caller_priority = 80;
constexpr int peer_priority = 78;  // what the library gives its DSP thread
constexpr std::uint64_t period_ns = 1'333'333;
constexpr std::uint32_t spin_us = 20;
constexpr std::size_t chunk_block_count = 500;
constexpr std::size_t quick_chunk_block_count = 50;

/// Back to back a chunk is over in milliseconds: more of them, for the tail.
constexpr std::size_t unpaced_pair_factor = 5;

struct Placement {
    const char* name;
    ob_placement placement;
    bool hold_cpu_latency;
    std::uint32_t spin_us;
    Wake bare_wake = Wake::always;
};

constexpr Placement placements[] = {
    {"same", OB_PLACEMENT_SAME, false, 0},
    {"other", OB_PLACEMENT_OTHER, false, 0},
    {"other-latency0", OB_PLACEMENT_OTHER, true, 0},
    {"other-spin", OB_PLACEMENT_OTHER, true, spin_us},
    {"other-spin-bells", OB_PLACEMENT_OTHER, true, spin_us, Wake::sleeper},
};

struct Measurement {
    Placement placement;
    bool is_paced;
    /// Half a period, as the library has it by default. A timer that ends before the kernel's next
    /// tick has to be programmed, which on a virtual machine costs more than the hop.
    bool has_deadline;

    [[nodiscard]] std::string name() const
    {
        return std::string{placement.name} + (is_paced ? "-paced" : "-unpaced") +
               (has_deadline ? "-deadline" : "");
    }
};

struct Summary {
    std::size_t sample_count = 0;
    std::uint64_t p50_ns = 0;
    std::uint64_t p99_ns = 0;
    std::uint64_t p99_9_ns = 0;  ///< 0 below 100,000 samples
    std::uint64_t max_ns = 0;
};

struct Figures {
    std::size_t pair_count = 0;
    std::size_t chunk_block_count = 0;
    Summary ours;
    Summary bare;
    Ratio p50;
    Ratio p99;
    std::uint64_t late_count = 0;
    ob_histogram_summary own{};
    std::string dsp_thread;
    std::string caller_thread;
    bool cpu_latency_held = false;
    std::uint64_t distance_before_ns = 0;
    std::uint64_t distance_after_ns = 0;
};

/// One candidate's blocks, timed from the call to its return.
template <typename Hop>
[[nodiscard]] Samples run_chunk(std::size_t block_count, bool is_paced, Hop&& hop)
{
    Samples samples;
    samples.reserve(block_count);
    std::uint64_t next_ns = rt::os::monotonic_ns();
    for (std::size_t block = 0; block < block_count; ++block) {
        if (is_paced) {
            next_ns = std::max(next_ns + period_ns, rt::os::monotonic_ns());
            rt::os::sleep_until_ns(next_ns);
        }
        samples.push_back(hop());
    }
    return samples;
}

[[nodiscard]] Summary summarise(const std::vector<ChunkPair>& pairs, Samples ChunkPair::*side)
{
    constexpr std::size_t count_for_p99_9 = 100'000;
    Samples all;
    for (const ChunkPair& pair : pairs)
        all.insert(all.end(), (pair.*side).begin(), (pair.*side).end());
    const std::size_t count = all.size();
    return {.sample_count = count,
            .p50_ns = quantile_of(all, 0.5),
            .p99_ns = quantile_of(all, 0.99),
            .p99_9_ns = count >= count_for_p99_9 ? quantile_of(all, 0.999) : 0,
            .max_ns = quantile_of(all, 1.0)};
}

/// On the caller's thread.
void measure_pairs(const Measurement& measurement, NullHop& null, BareHop& bare, Figures& figures)
{
    std::array<float, 128> in{};  // 64 frames in stereo
    std::array<float, 128> out{};
    in.fill(0.25F);
    const auto ours_once = [&]() -> std::uint64_t {
        if (!measurement.has_deadline)
            null.begin_patiently();
        const std::uint64_t start_ns = rt::os::monotonic_ns();
        const bool in_time = null.hop(in, out);
        const std::uint64_t elapsed_ns = rt::os::monotonic_ns() - start_ns;
        figures.late_count += in_time ? 0 : 1;
        return elapsed_ns;
    };
    const auto bare_once = [&]() -> std::uint64_t {
        const std::uint64_t start_ns = rt::os::monotonic_ns();
        bare.hop(in, out);
        return rt::os::monotonic_ns() - start_ns;
    };
    const auto chunk = [&](const auto& hop) {
        return run_chunk(figures.chunk_block_count, measurement.is_paced, hop);
    };
    static_cast<void>(chunk(ours_once));  // warms up what both use
    static_cast<void>(chunk(bare_once));
    const auto pairs = run_alternating(
        figures.pair_count, [&] { return chunk(ours_once); }, [&] { return chunk(bare_once); });
    figures.ours = summarise(pairs, &ChunkPair::ours);
    figures.bare = summarise(pairs, &ChunkPair::other);
    figures.p50 = ratio_at(pairs, 0.5);
    figures.p99 = ratio_at(pairs, 0.99);
}

[[nodiscard]] Figures measure(const Measurement& measurement, const Options& options,
                              const Machine& machine)
{
    Figures figures;
    figures.pair_count = options.pair_count * (measurement.is_paced ? 1 : unpaced_pair_factor);
    figures.chunk_block_count = options.is_quick ? quick_chunk_block_count : chunk_block_count;
    const Placement& placement = measurement.placement;
    const int caller_cpu = machine.cpus.front();
    const int other_cpu = machine.cpus.back();
    const int priority = machine.may_be_fifo ? caller_priority : 0;

    DistanceProbe probe{caller_cpu, other_cpu};
    BareHop bare{{.peer_cpu = placement.placement == OB_PLACEMENT_SAME ? caller_cpu : other_cpu,
                  .peer_priority = machine.may_be_fifo ? peer_priority : 0,
                  .spin_ns = std::uint64_t{placement.spin_us} * 1'000,
                  .wake = placement.bare_wake,
                  .deadline_ns = measurement.has_deadline ? period_ns / 2 : 0}};
    NullHop null{{.caller_cpu = caller_cpu,
                  .caller_priority = priority,
                  .placement = placement.placement,
                  .spin_us = placement.spin_us,
                  .hold_cpu_latency = placement.hold_cpu_latency}};
    std::thread caller{[&] {
        const bool obtained = take_cpu(caller_cpu, priority);
        figures.caller_thread = !obtained       ? "refused"
                                : priority != 0 ? "SCHED_FIFO 80"
                                                : "ordinary";
        figures.distance_before_ns = probe.round_trip_ns();
        measure_pairs(measurement, null, bare, figures);
        figures.distance_after_ns = probe.round_trip_ns();
    }};
    caller.join();
    figures.own = null.own_cost();
    figures.dsp_thread = null.status().dsp_thread.description;
    figures.cpu_latency_held = null.holds_cpu_latency();
    return figures;
}

[[nodiscard]] double us(std::uint64_t ns) noexcept
{
    return static_cast<double>(ns) / 1e3;
}

void print(const char* name, const Summary& summary)
{
    std::printf("  %-5s p50 %8.2f  p99 %8.2f", name, us(summary.p50_ns), us(summary.p99_ns));
    if (summary.p99_9_ns != 0)
        std::printf("  p99.9 %8.2f", us(summary.p99_9_ns));
    std::printf("  max %9.2f us  (%zu samples)\n", us(summary.max_ns), summary.sample_count);
}

void print(const std::string& name, const Figures& figures)
{
    std::printf("%s: %zu pairs of %zu blocks; CPUs %s, %llu/%llu ns%s\n", name.c_str(),
                figures.pair_count, figures.chunk_block_count,
                distance_name(figures.distance_after_ns),
                static_cast<unsigned long long>(figures.distance_before_ns),
                static_cast<unsigned long long>(figures.distance_after_ns),
                figures.cpu_latency_held ? ", cpu_dma_latency 0" : "");
    std::printf("  caller %s, DSP thread %s\n", figures.caller_thread.c_str(),
                figures.dsp_thread.c_str());
    print("ours", figures.ours);
    print("bare", figures.bare);
    std::printf("  ratio p50 %.3f (%.3f-%.3f), A/A %.3f; p99 %.3f (%.3f-%.3f), A/A %.3f\n",
                figures.p50.median, figures.p50.lower_quartile, figures.p50.upper_quartile,
                figures.p50.same_median, figures.p99.median, figures.p99.lower_quartile,
                figures.p99.upper_quartile, figures.p99.same_median);
    std::printf("  own cost of the host side p50 %.2f  p99 %.2f us; late answers %llu\n\n",
                us(figures.own.p50_ns), us(figures.own.p99_ns),
                static_cast<unsigned long long>(figures.late_count));
    static_cast<void>(std::fflush(stdout));
}

[[nodiscard]] nlohmann::json to_json(const Summary& summary)
{
    nlohmann::json json{{"samples", summary.sample_count},
                        {"p50_ns", summary.p50_ns},
                        {"p99_ns", summary.p99_ns},
                        {"max_ns", summary.max_ns}};
    if (summary.p99_9_ns != 0)
        json["p99_9_ns"] = summary.p99_9_ns;
    return json;
}

[[nodiscard]] nlohmann::json to_json(const Ratio& ratio)
{
    return {{"median", ratio.median},
            {"quartiles", {ratio.lower_quartile, ratio.upper_quartile}},
            {"same", ratio.same_median}};
}

[[nodiscard]] nlohmann::json to_json(const std::string& name, const Figures& figures)
{
    return {{"name", name},
            {"pairs", figures.pair_count},
            {"blocks_a_chunk", figures.chunk_block_count},
            {"ours", to_json(figures.ours)},
            {"bare", to_json(figures.bare)},
            {"ratio_p50", to_json(figures.p50)},
            {"ratio_p99", to_json(figures.p99)},
            {"late_answers", figures.late_count},
            {"own_ns", {{"p50", figures.own.p50_ns}, {"p99", figures.own.p99_ns}}},
            {"caller_thread", figures.caller_thread},
            {"dsp_thread", figures.dsp_thread},
            {"cpu_latency_held", figures.cpu_latency_held},
            {"distance_ns", {figures.distance_before_ns, figures.distance_after_ns}},
            {"distance", distance_name(figures.distance_after_ns)}};
}

[[nodiscard]] std::vector<Measurement> measurements()
{
    std::vector<Measurement> all;
    for (const Placement& placement : placements) {
        for (const bool has_deadline : {false, true}) {
            all.push_back({placement, true, has_deadline});
            all.push_back({placement, false, has_deadline});
        }
    }
    return all;
}

[[nodiscard]] ExitCode run(int argc, char** argv)
{
    Options options;
    std::vector<std::string> names;
    for (const Measurement& measurement : measurements())
        names.push_back(measurement.name());
    const auto exit_code = parse_options(
        argc, argv,
        "A block to a null processor and back, beside a bare futex of the same placement", names,
        options);
    if (exit_code)
        return *exit_code;

    const Machine machine = describe_machine();
    print_head(options, machine);
    nlohmann::json results = nlohmann::json::array();
    for (const Measurement& measurement : measurements()) {
        if (!is_wanted(options, measurement.name()))
            continue;
        if (measurement.placement.placement == OB_PLACEMENT_OTHER && machine.cpus.size() < 2) {
            std::printf("%s: skipped, there is one CPU\n\n", measurement.name().c_str());
            continue;
        }
        const Figures figures = measure(measurement, options, machine);
        print(measurement.name(), figures);
        results.push_back(to_json(measurement.name(), figures));
    }
    write_json("hop", options, machine, results);
    return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv)
{
    return run_reporting_errors(run, argc, argv);
}
