// SPDX-License-Identifier: MIT
//
// What a block's statistics cost beside the clock reads that they need.

#include "bench/chunked_ratio.hpp"
#include "bench/options.hpp"
#include "rt/os/clock.hpp"
#include "rt/path/histogram.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace outboard;
using namespace outboard::bench;

/// As an insert has them: round trip, processor, process(), own cost; blocks, frames, concealed
/// blocks, what is played.
constexpr std::size_t histogram_count = 4;
constexpr std::size_t counter_count = 4;
constexpr std::size_t blocks_a_chunk = 4'096;
constexpr std::size_t chunks_a_pair = 25;

struct Account {
    std::array<rt::Histogram, histogram_count> histograms;
    std::array<std::atomic<std::uint64_t>, counter_count> counters{};

    void record(std::uint64_t value_ns) noexcept
    {
        for (rt::Histogram& histogram : histograms) {
            histogram.record(value_ns);
            value_ns += value_ns / 2;
        }
        for (auto& counter : counters) {  // one writer: no atomic addition
            counter.store(counter.load(std::memory_order_relaxed) + value_ns,
                          std::memory_order_relaxed);
        }
    }
};

/// Times like those of a hop: 5 us and a tail, in no order.
[[nodiscard]] std::vector<std::uint64_t> hop_times_ns()
{
    // NOLINTNEXTLINE(cert-msc32-c,cert-msc51-cpp): the same times in each run
    std::mt19937_64 random{1};
    std::lognormal_distribution<double> time_ns{8.5, 0.5};
    std::vector<std::uint64_t> times(blocks_a_chunk);
    for (auto& time : times)
        time = static_cast<std::uint64_t>(time_ns(random));
    return times;
}

template <typename Block>
[[nodiscard]] double ns_a_block(Block&& block)
{
    const std::uint64_t start_ns = rt::os::monotonic_ns();
    for (std::size_t index = 0; index < blocks_a_chunk; ++index)
        block(index);
    return static_cast<double>(rt::os::monotonic_ns() - start_ns) / blocks_a_chunk;
}

[[nodiscard]] nlohmann::json report(const std::string& name, std::vector<double> chunks_ns)
{
    std::sort(chunks_ns.begin(), chunks_ns.end());
    const double lower_ns = chunks_ns[chunks_ns.size() / 4];
    const double upper_ns = chunks_ns[chunks_ns.size() * 3 / 4];
    const double median = median_of(std::move(chunks_ns));
    std::printf("%-22s %6.1f ns a block (%.1f-%.1f)\n", name.c_str(), median, lower_ns, upper_ns);
    return {{"name", name}, {"ns", median}, {"quartiles", {lower_ns, upper_ns}}};
}

[[nodiscard]] ExitCode run(int argc, char** argv)
{
    Options options;
    const std::vector<std::string> names{"statistics", "two-clock-reads"};
    if (const auto exit_code = parse_options(
            argc, argv, "Statistics of a block: four histograms, four counters", names, options))
        return *exit_code;
    const Machine machine = describe_machine();
    print_head(options, machine);

    const auto times_ns = hop_times_ns();
    const auto account = std::make_unique<Account>();
    std::atomic<std::uint64_t> sink{0};
    std::vector<double> statistics_ns;
    std::vector<double> clock_ns;
    for (std::size_t chunk = 0; chunk < options.pair_count * chunks_a_pair; ++chunk) {
        statistics_ns.push_back(
            ns_a_block([&](std::size_t index) { account->record(times_ns[index]); }));
        clock_ns.push_back(ns_a_block([&](std::size_t) {
            const std::uint64_t first_ns = rt::os::monotonic_ns();
            sink.store(rt::os::monotonic_ns() - first_ns, std::memory_order_relaxed);
        }));
    }
    nlohmann::json results = nlohmann::json::array();
    if (is_wanted(options, names[0]))
        results.push_back(report(names[0], std::move(statistics_ns)));
    if (is_wanted(options, names[1]))
        results.push_back(report(names[1], std::move(clock_ns)));
    write_json("statistics", options, machine, results);
    return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv)
{
    return run_reporting_errors(run, argc, argv);
}
