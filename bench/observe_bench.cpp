// SPDX-License-Identifier: MIT
//
// What it costs a host's audio thread that somebody watches: chunks of a stream with a watcher in
// another process, who lists the hosts and takes a snapshot so many times a second, beside chunks
// without. The figures are the library's own: its part of process(), and the round trip.

#include "bench/chunked_ratio.hpp"
#include "bench/forked_process.hpp"
#include "bench/options.hpp"
#include "bench/paced_stream.hpp"

#include "rt/os/clock.hpp"

#include <outboard/observe.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace outboard;
using namespace outboard::bench;

constexpr int caller_priority = 80;
constexpr std::size_t chunk_block_count = 750;  // one second
constexpr std::size_t quick_chunk_block_count = 150;
constexpr std::size_t settling_block_count = 50;
/// For an answer. Half a period would end before the kernel's next tick, and the timer for that
/// costs more on a virtual machine than all else here, or nothing, by what else the CPU does.
constexpr std::uint64_t patience_ns = 100'000'000;

struct Rate {
    const char* name;
    std::uint64_t interval_ns;
};
constexpr std::array<Rate, 2> rates{{{"10-hz", 100'000'000}, {"1000-hz", 1'000'000}}};

/// What the watcher is told, and what it tells.
struct Watch {
    std::atomic<std::uint64_t> interval_ns{0};  ///< 0: it does not look
    std::atomic<std::uint64_t> snapshot_count{0};
    std::atomic<std::uint64_t> snapshot_ns{0};  ///< all of them together
    std::atomic<std::uint64_t> failure_count{0};
};

/// As `outboard top` does it.
void look_once(Watch& watch)
{
    const std::uint64_t start_ns = rt::os::monotonic_ns();
    try {
        for (const ob_host_entry& entry : list_hosts()) {
            const Snapshot snapshot{entry};
            watch.snapshot_count.fetch_add(snapshot.insert_count(), std::memory_order_relaxed);
        }
    } catch (const Error&) {
        watch.failure_count.fetch_add(1, std::memory_order_relaxed);
    }
    watch.snapshot_ns.fetch_add(rt::os::monotonic_ns() - start_ns, std::memory_order_relaxed);
}

[[noreturn]] void watch_for_ever(Watch& watch)
{
    constexpr std::uint64_t idle_ns = 1'000'000;
    for (std::uint64_t next_ns = rt::os::monotonic_ns();;) {
        const std::uint64_t interval_ns = watch.interval_ns.load(std::memory_order_relaxed);
        if (interval_ns != 0)
            look_once(watch);
        next_ns =
            std::max(next_ns + (interval_ns != 0 ? interval_ns : idle_ns), rt::os::monotonic_ns());
        rt::os::sleep_until_ns(next_ns);
    }
}

using Buckets = std::vector<ob_histogram_bucket>;

[[nodiscard]] Buckets buckets_of(const Insert& insert, ob_histogram_kind kind)
{
    Buckets buckets(2048);
    auto count = static_cast<std::uint32_t>(buckets.size());
    check(ob_insert_histogram_buckets(insert.get(), kind, buckets.data(), &count));
    buckets.resize(count);
    return buckets;
}

/// The values that came between two looks at a histogram, each as the middle of its bucket.
[[nodiscard]] Samples values_between(const Buckets& before, const Buckets& after)
{
    Samples values;
    auto old = before.begin();
    for (const ob_histogram_bucket& bucket : after) {
        while (old != before.end() && old->lower_ns < bucket.lower_ns)
            ++old;
        const bool was_there = old != before.end() && old->lower_ns == bucket.lower_ns;
        values.insert(values.end(), bucket.count - (was_there ? old->count : 0),
                      (bucket.lower_ns + bucket.upper_ns) / 2);
    }
    return values;
}

struct Chunk {
    Samples own;
    Samples round_trip;
};

/// A host with one insert of the null processor, on this thread.
class Stream {
public:
    explicit Stream(int cpu) : caller_(host_, caller_config(cpu)), insert_(caller_, insert_config())
    {}

    [[nodiscard]] Chunk run(std::size_t block_count)
    {
        stream(settling_block_count);
        const Buckets own = buckets_of(insert_, OB_HISTOGRAM_OWN);
        const Buckets round_trip = buckets_of(insert_, OB_HISTOGRAM_ROUND_TRIP);
        stream(block_count);
        return {
            .own = values_between(own, buckets_of(insert_, OB_HISTOGRAM_OWN)),
            .round_trip = values_between(round_trip, buckets_of(insert_, OB_HISTOGRAM_ROUND_TRIP))};
    }

private:
    [[nodiscard]] static CallerConfig caller_config(int cpu)
    {
        CallerConfig config;
        config.realtime_priority = caller_priority;
        config.pinned_cpu = cpu;
        return config;
    }
    [[nodiscard]] static InsertConfig insert_config()
    {
        InsertConfig config;
        config.service = "null";
        config.max_frame_count = paced_frame_count;
        return config;
    }
    void stream(std::size_t block_count)
    {
        Pacer pacer;
        for (std::size_t block = 0; block < block_count; ++block) {
            pacer.wait();
            caller_.cycle_begin(patience_ns);
            static_cast<void>(block_.through(insert_));
        }
    }

    Host host_;
    Caller caller_;
    Insert insert_;
    PacedBlock block_;
};

struct Figures {
    std::string name;
    std::vector<ChunkPair> own;  ///< "ours" is watched, "other" is not
    std::vector<ChunkPair> round_trip;
    std::uint64_t snapshot_count = 0;
    std::uint64_t snapshot_mean_ns = 0;
    std::uint64_t failure_count = 0;
};

[[nodiscard]] Figures measure(Stream& stream, Watch& watch, const Rate& rate,
                              const Options& options)
{
    const std::size_t block_count = options.is_quick ? quick_chunk_block_count : chunk_block_count;
    Figures figures;
    figures.name = rate.name;
    for (auto* const figure : {&watch.snapshot_count, &watch.snapshot_ns, &watch.failure_count})
        figure->store(0, std::memory_order_relaxed);
    std::array<std::vector<Samples>, 2> round_trips;  // watched, alone
    const auto run = [&](std::uint64_t interval_ns) {
        watch.interval_ns.store(interval_ns, std::memory_order_relaxed);
        Chunk chunk = stream.run(block_count);
        watch.interval_ns.store(0, std::memory_order_relaxed);
        round_trips[interval_ns != 0 ? 0 : 1].push_back(std::move(chunk.round_trip));
        return std::move(chunk.own);
    };
    figures.own = run_alternating(
        options.pair_count, [&] { return run(rate.interval_ns); }, [&] { return run(0); });
    for (std::size_t pair = 0; pair < options.pair_count; ++pair) {
        figures.round_trip.push_back(
            {std::move(round_trips[0][pair]), std::move(round_trips[1][pair])});
    }
    figures.snapshot_count = watch.snapshot_count.load(std::memory_order_relaxed);
    figures.failure_count = watch.failure_count.load(std::memory_order_relaxed);
    figures.snapshot_mean_ns = watch.snapshot_ns.load(std::memory_order_relaxed) /
                               std::max<std::uint64_t>(figures.snapshot_count, 1);
    return figures;
}

struct Times {
    std::uint64_t p50_ns;
    std::uint64_t p99_ns;
    std::uint64_t max_ns;
    double mean_ns;
    std::size_t count;
};

[[nodiscard]] Times times_of(const std::vector<ChunkPair>& pairs, Samples ChunkPair::*side)
{
    Samples all;
    for (const ChunkPair& pair : pairs)
        all.insert(all.end(), (pair.*side).begin(), (pair.*side).end());
    const double sum = std::accumulate(all.begin(), all.end(), 0.0);
    return {.p50_ns = quantile_of(all, 0.5),
            .p99_ns = quantile_of(all, 0.99),
            .max_ns = quantile_of(all, 1.0),
            .mean_ns = sum / static_cast<double>(std::max<std::size_t>(all.size(), 1)),
            .count = all.size()};
}

[[nodiscard]] nlohmann::json to_json(const Times& times)
{
    return {{"samples", times.count},
            {"p50_ns", times.p50_ns},
            {"p99_ns", times.p99_ns},
            {"max_ns", times.max_ns},
            {"mean_ns", times.mean_ns}};
}

[[nodiscard]] nlohmann::json to_json(const Ratio& ratio)
{
    return {{"median", ratio.median},
            {"quartiles", {ratio.lower_quartile, ratio.upper_quartile}},
            {"same", ratio.same_median}};
}

[[nodiscard]] nlohmann::json report_figure(const char* name, const std::vector<ChunkPair>& pairs)
{
    const Times watched = times_of(pairs, &ChunkPair::ours);
    const Times alone = times_of(pairs, &ChunkPair::other);
    const Ratio p50 = ratio_at(pairs, 0.5);
    const Ratio p99 = ratio_at(pairs, 0.99);
    std::printf("  %-10s watched p50 %6llu  p99 %6llu  mean %8.1f ns   alone %6llu  %6llu  %8.1f\n",
                name, static_cast<unsigned long long>(watched.p50_ns),
                static_cast<unsigned long long>(watched.p99_ns), watched.mean_ns,
                static_cast<unsigned long long>(alone.p50_ns),
                static_cast<unsigned long long>(alone.p99_ns), alone.mean_ns);
    std::printf(
        "             ratio p50 %.3f (%.3f-%.3f, A/A %.3f)  p99 %.3f (%.3f-%.3f, A/A %.3f)\n",
        p50.median, p50.lower_quartile, p50.upper_quartile, p50.same_median, p99.median,
        p99.lower_quartile, p99.upper_quartile, p99.same_median);
    return {{"watched", to_json(watched)},
            {"alone", to_json(alone)},
            {"ratio_p50", to_json(p50)},
            {"ratio_p99", to_json(p99)}};
}

[[nodiscard]] nlohmann::json report(const Figures& figures)
{
    std::printf("%s: %llu snapshots, %.0f us each on the watcher's side, %llu failed\n",
                figures.name.c_str(), static_cast<unsigned long long>(figures.snapshot_count),
                static_cast<double>(figures.snapshot_mean_ns) / 1000,
                static_cast<unsigned long long>(figures.failure_count));
    return {{"name", figures.name},
            {"snapshots", figures.snapshot_count},
            {"snapshot_mean_ns", figures.snapshot_mean_ns},
            {"failed_snapshots", figures.failure_count},
            {"own", report_figure("own", figures.own)},
            {"round_trip", report_figure("round trip", figures.round_trip)}};
}

[[nodiscard]] nlohmann::json measure_all(Watch& watch, const Options& options,
                                         const Machine& machine)
{
    nlohmann::json results = nlohmann::json::array();
    std::thread{[&] {
        const int cpu = machine.cpus.back();
        static_cast<void>(take_cpu(cpu, caller_priority));
        Stream stream{cpu};
        for (const Rate& rate : rates) {
            if (is_wanted(options, rate.name))
                results.push_back(report(measure(stream, watch, rate, options)));
        }
    }}.join();
    return results;
}

[[nodiscard]] ExitCode run(int argc, char** argv)
{
    Options options;
    std::vector<std::string> names(rates.size());
    std::transform(rates.begin(), rates.end(), names.begin(),
                   [](const Rate& rate) { return rate.name; });
    if (const auto exit_code = parse_options(
            argc, argv, "A stream with and without somebody who watches it", names, options))
        return *exit_code;
    const Machine machine = describe_machine();
    print_head(options, machine);
    static_cast<void>(list_hosts());  // without XDG_RUNTIME_DIR nobody can watch

    const SharedObject<Watch> watch;
    // Before there are threads.
    const ForkedProcess watcher{[&]() -> bool { watch_for_ever(*watch); }};
    write_json("observe", options, machine, measure_all(*watch, options, machine));
    return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv)
{
    return run_reporting_errors(run, argc, argv);
}
