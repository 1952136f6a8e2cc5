// SPDX-License-Identifier: MIT
//
// rt::SpscRing beside boost::lockfree::spsc_queue, between two processes.

#include "bench/chunked_ratio.hpp"
#include "bench/distance_probe.hpp"
#include "bench/options.hpp"
#include "bench/ring_transfer.hpp"

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

namespace {

using namespace outboard;
using namespace outboard::bench;

/// Long enough that starting a chunk does not show, short enough that a stall hits few.
constexpr std::uint64_t chunk_bytes = 128 << 20;
constexpr std::uint64_t quick_chunk_bytes = 4 << 20;

/// Real-time threads that never pause are throttled by the kernel, for 50 ms in every second.
constexpr std::uint64_t pause_ns = 3'000'000;

struct Cpus {
    int producer;
    int consumer;
};

struct Figures {
    std::uint64_t chunk_count = 0;
    std::uint64_t element_count = 0;  ///< of a chunk
    double ours_ns = 0.0;             ///< an element, median of the chunks
    double other_ns = 0.0;
    Ratio ratio;  ///< of times: below 1 ours is faster
    std::uint64_t distance_before_ns = 0;
    std::uint64_t distance_after_ns = 0;
};

[[nodiscard]] double median_ns(const std::vector<ChunkPair>& pairs, Samples ChunkPair::*side,
                               std::uint64_t element_count)
{
    std::vector<double> values;
    values.reserve(pairs.size());
    for (const ChunkPair& pair : pairs) {
        values.push_back(static_cast<double>((pair.*side).front()) /
                         static_cast<double>(element_count));
    }
    return median_of(std::move(values));
}

template <typename T>
[[nodiscard]] Figures measure(Batching batching, const Options& options, Cpus cpus,
                              DistanceProbe& probe)
{
    Figures figures;
    const std::uint64_t bytes = options.is_quick ? quick_chunk_bytes : chunk_bytes;
    figures.element_count = bytes / std::max<std::size_t>(sizeof(T), 128);
    const auto transfer = std::make_unique<RingTransfer<T>>(batching, figures.element_count,
                                                            cpus.producer, cpus.consumer);
    const auto chunk_of = [&transfer](RingKind kind) {
        rt::os::sleep_until_ns(rt::os::monotonic_ns() + pause_ns);
        const auto elapsed_ns = transfer->run_chunk(kind);
        if (!elapsed_ns)
            throw std::runtime_error{"elements were lost or doubled"};
        return Samples{*elapsed_ns};
    };
    figures.distance_before_ns = probe.round_trip_ns();
    static_cast<void>(chunk_of(RingKind::ours));  // touches the pages, wakes the CPUs
    static_cast<void>(chunk_of(RingKind::other));
    const auto pairs = run_alternating(
        options.pair_count, [&] { return chunk_of(RingKind::ours); },
        [&] { return chunk_of(RingKind::other); });
    figures.distance_after_ns = probe.round_trip_ns();
    figures.chunk_count = pairs.size();
    figures.ours_ns = median_ns(pairs, &ChunkPair::ours, figures.element_count);
    figures.other_ns = median_ns(pairs, &ChunkPair::other, figures.element_count);
    figures.ratio = ratio_at(pairs, 0.5);
    return figures;
}

void print(const std::string& name, const Figures& figures)
{
    std::printf("%-14s %8.2f %8.2f %8.3f (%.3f-%.3f) %7.3f   %llu/%llu ns %s\n", name.c_str(),
                1e3 / figures.ours_ns, 1e3 / figures.other_ns, figures.ratio.median,
                figures.ratio.lower_quartile, figures.ratio.upper_quartile,
                figures.ratio.same_median,
                static_cast<unsigned long long>(figures.distance_before_ns),
                static_cast<unsigned long long>(figures.distance_after_ns),
                distance_name(figures.distance_after_ns));
    static_cast<void>(std::fflush(stdout));
}

[[nodiscard]] nlohmann::json to_json(const std::string& name, const Figures& figures)
{
    return {{"name", name},
            {"chunks_each", figures.chunk_count},
            {"elements_a_chunk", figures.element_count},
            {"ours_ns", figures.ours_ns},
            {"boost_ns", figures.other_ns},
            {"time_ratio", figures.ratio.median},
            {"time_ratio_quartiles", {figures.ratio.lower_quartile, figures.ratio.upper_quartile}},
            {"same_ratio", figures.ratio.same_median},
            {"distance_ns", {figures.distance_before_ns, figures.distance_after_ns}},
            {"distance", distance_name(figures.distance_after_ns)}};
}

struct Measurement {
    std::string name;
    Batching batching;
    Figures (*measure)(Batching, const Options&, Cpus, DistanceProbe&);
};

[[nodiscard]] std::vector<Measurement> measurements()
{
    constexpr auto single = Batching::one_at_a_time;
    constexpr auto batch = Batching::in_batches;
    return {
        {"64B", single, measure<Element<64>>},    {"64B-batch", batch, measure<Element<64>>},
        {"512B", single, measure<Element<512>>},  {"512B-batch", batch, measure<Element<512>>},
        {"4KiB", single, measure<Element<4096>>}, {"4KiB-batch", batch, measure<Element<4096>>}};
}

[[nodiscard]] ExitCode run(int argc, char** argv)
{
    Options options;
    std::vector<std::string> names;
    for (const Measurement& measurement : measurements())
        names.push_back(measurement.name);
    const auto exit_code = parse_options(
        argc, argv, "Outboard's ring beside boost::lockfree::spsc_queue, between two processes",
        names, options);
    if (exit_code)
        return *exit_code;

    const Machine machine = describe_machine();
    if (machine.cpus.size() < 2)
        throw std::runtime_error{"two processes that spin need two CPUs"};
    const Cpus cpus{machine.cpus[0], machine.cpus[1]};
    print_head(options, machine);
    std::printf("million elements a second; batches of %zu; ratio of times, below 1 is faster\n",
                batch_size);
    std::printf("%-14s %8s %8s %8s %-13s %7s   %s\n", "element", "ours", "boost", "ratio",
                "(quartiles)", "A/A", "CPU distance before/after");
    DistanceProbe probe{cpus.producer, cpus.consumer};
    nlohmann::json results = nlohmann::json::array();
    for (const Measurement& measurement : measurements()) {
        if (!is_wanted(options, measurement.name))
            continue;
        const Figures figures = measurement.measure(measurement.batching, options, cpus, probe);
        print(measurement.name, figures);
        results.push_back(to_json(measurement.name, figures));
    }
    write_json("ring", options, machine, results);
    return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv)
{
    return run_reporting_errors(run, argc, argv);
}
