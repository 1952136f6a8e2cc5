// SPDX-License-Identifier: MIT
//
// How many blocks miss their deadline without a standby, and with one on another CPU: nobody is
// killed, but a machine that stalls one CPU leaves the other to answer. Segments of both alternate.

#include "bench/machine.hpp"
#include "bench/options.hpp"
#include "bench/paced_stream.hpp"
#include "bench/rate_ratio.hpp"

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

using namespace outboard;
using namespace outboard::bench;

constexpr int caller_priority = 80;

struct StallOptions {
    double minutes = 10;  ///< of each kind
    double segment_seconds = 5;
    std::string json_path;
};

struct Counts {
    EventRate with_standby;
    EventRate alone;
    std::size_t segment_count = 0;
    bool has_rights = false;
    std::string standby;
};

[[nodiscard]] Insert make_insert(const Caller& caller, bool has_standby)
{
    InsertConfig config;
    config.service = "null";
    config.max_frame_count = paced_frame_count;
    if (has_standby) {
        config.standby = OB_STANDBY_HOT;
        config.standby_placement = OB_STANDBY_PLACEMENT_OTHER;
    }
    return {caller, config};
}

/// One segment; the first blocks, in which caches are cold, are not counted.
void stream_segment(const Insert& insert, std::uint64_t block_count, EventRate& rate)
{
    constexpr std::uint64_t warm_up_blocks = 50;
    Pacer pacer;
    PacedBlock block;
    for (std::uint64_t index = 0; index < warm_up_blocks + block_count; ++index) {
        pacer.wait();
        const bool is_missed = block.through(insert) != OB_OK;
        if (index < warm_up_blocks)
            continue;
        ++rate.blocks;
        rate.events += is_missed ? 1 : 0;
    }
}

[[nodiscard]] Counts count(const StallOptions& options, const Machine& machine)
{
    const int cpu = machine.cpus.front();
    const int priority = machine.may_be_fifo ? caller_priority : 0;
    HostConfig host_config;
    host_config.name = "stalls benchmark";
    host_config.supervisor_priority = priority > 1 ? priority - 1 : 0;
    CallerConfig caller_config;
    caller_config.realtime_priority = priority;
    caller_config.pinned_cpu = cpu;
    const Host host{host_config};
    const Caller caller{host, caller_config};
    const Insert hot = make_insert(caller, true);
    const Insert alone = make_insert(caller, false);

    Counts counts;
    const auto block_count = static_cast<std::uint64_t>(options.segment_seconds * 1e9 /
                                                        static_cast<double>(paced_period_ns));
    const auto pair_count =
        static_cast<std::size_t>(std::ceil(options.minutes * 60 / options.segment_seconds));
    std::thread audio{[&] {
        counts.has_rights = take_cpu(cpu, priority) && priority != 0;
        for (std::size_t pair = 0; pair < pair_count; ++pair) {
            // In changing order, so that a drift of the machine favours neither.
            const bool is_hot_first = pair % 2 == 0;
            for (const bool is_hot : {is_hot_first, !is_hot_first}) {
                stream_segment(is_hot ? hot : alone, block_count,
                               is_hot ? counts.with_standby : counts.alone);
                ++counts.segment_count;
            }
        }
    }};
    audio.join();
    const ob_insert_status status = hot.status();
    counts.standby = status.standby_placement == OB_STANDBY_PLACEMENT_OTHER ? "other" : "trailing";
    return counts;
}

[[nodiscard]] double per_million(const EventRate& rate)
{
    return 1e6 * static_cast<double>(rate.events) / static_cast<double>(rate.blocks);
}

void print(const Counts& counts, const RateRatio& ratio)
{
    const auto line = [](const char* name, const EventRate& rate) {
        std::printf("%-14s %6llu of %9llu blocks missed their deadline, %.1f in a million\n", name,
                    static_cast<unsigned long long>(rate.events),
                    static_cast<unsigned long long>(rate.blocks), per_million(rate));
    };
    std::printf("%zu segments, audio thread %s\n", counts.segment_count,
                counts.has_rights ? "SCHED_FIFO 80" : "without real-time rights");
    line("alone", counts.alone);
    line("with standby", counts.with_standby);
    std::printf("ratio of the rates %.3f, 95 %% interval %.3f .. %.3f\n", ratio.ratio, ratio.lower,
                ratio.upper);
}

[[nodiscard]] nlohmann::json finite_or_null(double value)
{
    return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(nullptr);
}

void write(const StallOptions& options, const Machine& machine, const Counts& counts,
           const RateRatio& ratio)
{
    if (options.json_path.empty())
        return;
    const auto rate = [](const EventRate& events) {
        return nlohmann::json{{"missed", events.events}, {"blocks", events.blocks}};
    };
    const nlohmann::json document{{"benchmark", "stalls"},
                                  {"version", 1},
                                  {"minutes", options.minutes},
                                  {"segment_s", options.segment_seconds},
                                  {"segments", counts.segment_count},
                                  {"machine", to_json(machine)},
                                  {"realtime", counts.has_rights},
                                  {"standby_placement", counts.standby},
                                  {"alone", rate(counts.alone)},
                                  {"with_standby", rate(counts.with_standby)},
                                  {"ratio", finite_or_null(ratio.ratio)},
                                  {"ratio_95", {ratio.lower, finite_or_null(ratio.upper)}}};
    std::ofstream file{options.json_path};
    file << document.dump(2) << '\n';
    file.close();
    if (!file)
        throw std::runtime_error{options.json_path + ": cannot be written"};
}

[[nodiscard]] ExitCode run(int argc, char** argv)
{
    StallOptions options;
    CLI::App app{"Missed deadlines without a standby and with one on another CPU"};
    app.add_option("--minutes", options.minutes, "Of each kind (default 10)")
        ->check(CLI::Range(0.001, 10'000.0));
    app.add_option("--segment", options.segment_seconds, "Seconds of a segment (default 5)")
        ->check(CLI::Range(0.05, 600.0));
    app.add_option("--json", options.json_path, "Also write the figures to this file");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error);
    }
    const Machine machine = describe_machine();
    bench::print(machine);
    const Counts counts = count(options, machine);
    const RateRatio ratio = rate_ratio(counts.with_standby, counts.alone);
    ::print(counts, ratio);
    write(options, machine, counts, ratio);
    return 0;
}

}  // namespace

int main(int argc, char** argv)
{
    return run_reporting_errors(run, argc, argv);
}
