// SPDX-License-Identifier: MIT
//
// What a hot standby costs while nobody dies, and how long a block takes over which the primary is
// killed: without a standby, with one that trails, with one on another CPU. The program is also the
// service of the processor that is busy for 300 us.

#include "bench/chunked_ratio.hpp"
#include "bench/machine.hpp"
#include "bench/options.hpp"
#include "bench/paced_stream.hpp"

#include "rt/os/clock.hpp"

#include <outboard/processor.hpp>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace outboard;
using namespace outboard::bench;

constexpr int caller_priority = 80;
constexpr int killer_priority = 60;
constexpr std::uint64_t budget_ns = 1'000'000;

class Busy : public Processor {
public:
    static constexpr const char* name = "busy";
    static constexpr const char* description = "Takes 300 us for each block";
    static constexpr std::uint32_t flags = OB_PROCESSOR_DETERMINISTIC | OB_PROCESSOR_FINITE_MEMORY;
    static constexpr std::uint64_t busy_ns = 300'000;

    void prepare(const PrepareInfo& info) override { channel_count_ = info.output_channel_count; }
    void process(const ProcessBlock& block) noexcept override
    {
        const std::uint64_t end_ns = rt::os::monotonic_ns() + busy_ns;
        for (std::uint32_t channel = 0; channel < channel_count_; ++channel)
            std::copy_n(block.inputs[channel], block.frame_count, block.outputs[channel]);
        while (rt::os::monotonic_ns() < end_ns) {
        }
    }

private:
    std::uint32_t channel_count_ = 0;
};

struct StandbyOptions {
    std::size_t chunk_count = 40;  ///< of each candidate
    std::size_t chunk_block_count = 250;
    std::size_t kill_count = 100;  ///< of each kind of standby
    std::string json_path;
};

struct Candidate {
    const char* name;
    bool has_standby;
    ob_standby_placement placement;
};
constexpr std::array<Candidate, 3> candidates{{
    {"none", false, OB_STANDBY_PLACEMENT_AUTO},
    {"trailing", true, OB_STANDBY_PLACEMENT_TRAILING},
    {"other", true, OB_STANDBY_PLACEMENT_OTHER},
}};

struct Times {
    std::uint64_t p50_ns = 0;
    std::uint64_t p99_ns = 0;
    std::uint64_t max_ns = 0;
    std::size_t count = 0;
};

[[nodiscard]] Times times_of(const Samples& samples)
{
    return {quantile_of(samples, 0.5), quantile_of(samples, 0.99), quantile_of(samples, 1.0),
            samples.size()};
}

struct Figures {
    std::string name;
    Times quiet;      ///< of a block, nobody dies
    Times over_kill;  ///< of a block over which the primary was killed
    std::uint64_t late_over_kill = 0;
    std::uint64_t kills_between = 0;  ///< that struck between two blocks
    std::string placement_reason;
};

struct Block {
    std::uint64_t started_ns;
    std::uint64_t ended_ns;
    bool is_late;
};

[[nodiscard]] std::string own_program(const char* argument)
{
    const std::string path{argument};
    return path.find('/') == std::string::npos ? "./" + path : path;
}

[[nodiscard]] Insert make_insert(const Caller& caller, const std::string& service,
                                 const Candidate& candidate)
{
    InsertConfig config;
    config.service = service.c_str();
    config.max_frame_count = paced_frame_count;
    config.standby = candidate.has_standby ? OB_STANDBY_HOT : OB_STANDBY_NONE;
    config.standby_placement = candidate.placement;
    return {caller, config};
}

/// The audio thread's side of both measurements.
class Measurement {
public:
    Measurement(const std::string& service, const StandbyOptions& options, const Machine& machine)
        : options_(options),
          cpu_(machine.cpus.front()),
          other_cpu_(machine.cpus.back()),
          priority_(machine.may_be_fifo ? caller_priority : 0),
          host_(host_config()),
          caller_(host_, caller_config())
    {
        for (const Candidate& candidate : candidates)
            inserts_.push_back(make_insert(caller_, service, candidate));
    }

    [[nodiscard]] std::vector<Figures> run()
    {
        std::vector<Figures> figures(candidates.size());
        std::thread{[&] {
            take_cpu(cpu_, priority_);
            measure_quiet(figures);
        }}.join();
        for (std::size_t index = 0; index < candidates.size(); ++index) {
            figures[index].name = candidates[index].name;
            figures[index].placement_reason = inserts_[index].status().standby_placement_reason;
            if (candidates[index].has_standby)
                measure_kills(inserts_[index], figures[index]);
        }
        return figures;
    }

private:
    [[nodiscard]] HostConfig host_config() const
    {
        HostConfig config;
        config.name = "standby benchmark";
        config.supervisor_priority = priority_ > 1 ? priority_ - 1 : 0;
        return config;
    }
    [[nodiscard]] CallerConfig caller_config() const
    {
        CallerConfig config;
        config.realtime_priority = priority_;
        config.pinned_cpu = cpu_;
        return config;
    }

    /// Chunks of all candidates in turn, starting with another one each time.
    void measure_quiet(std::vector<Figures>& figures)
    {
        std::vector<Samples> samples(candidates.size());
        for (std::size_t chunk = 0; chunk < options_.chunk_count; ++chunk) {
            for (std::size_t turn = 0; turn < candidates.size(); ++turn) {
                const std::size_t index = (chunk + turn) % candidates.size();
                measure_chunk(inserts_[index], samples[index]);
            }
        }
        for (std::size_t index = 0; index < candidates.size(); ++index)
            figures[index].quiet = times_of(samples[index]);
    }

    void measure_chunk(const Insert& insert, Samples& samples)
    {
        constexpr std::size_t warm_up_blocks = 20;
        Pacer pacer;
        PacedBlock block;
        for (std::size_t index = 0; index < warm_up_blocks + options_.chunk_block_count; ++index) {
            const Block timed = stream_one(insert, pacer, block);
            if (index >= warm_up_blocks)
                samples.push_back(timed.ended_ns - timed.started_ns);
        }
    }

    [[nodiscard]] Block stream_one(const Insert& insert, Pacer& pacer, PacedBlock& block)
    {
        pacer.wait();
        caller_.cycle_begin(budget_ns);
        Block timed{};
        timed.started_ns = rt::os::monotonic_ns();
        // release, pairs with the acquire in kill(): the block has begun.
        begun_.fetch_add(1, std::memory_order_release);
        timed.is_late = block.through(insert) != OB_OK;
        timed.ended_ns = rt::os::monotonic_ns();
        return timed;
    }

    void measure_kills(const Insert& insert, Figures& figures)
    {
        std::vector<Block> blocks;
        std::vector<std::uint64_t> kills;
        blocks.reserve(options_.kill_count * 2'000);
        std::atomic<bool> is_over{false};
        std::thread audio{[&] {
            take_cpu(cpu_, priority_);
            Pacer pacer;
            PacedBlock block;
            while (!is_over.load(std::memory_order_relaxed))
                blocks.push_back(stream_one(insert, pacer, block));
        }};
        std::thread killer{[&] {
            take_cpu(other_cpu_, priority_ != 0 ? killer_priority : 0);
            for (std::size_t kill_index = 0; kill_index < options_.kill_count; ++kill_index)
                kill(insert, kills);
            is_over.store(true, std::memory_order_relaxed);
        }};
        killer.join();
        audio.join();
        match(blocks, kills, figures);
    }

    /// Waits for a whole set, and strikes right after a block has begun.
    void kill(const Insert& insert, std::vector<std::uint64_t>& kills)
    {
        while (insert.status().standby_count == 0)
            rt::os::sleep_until_ns(rt::os::monotonic_ns() + 2'000'000);
        rt::os::sleep_until_ns(rt::os::monotonic_ns() + 30'000'000);
        // acquire, pairs with the release in stream_one().
        const std::uint64_t begun = begun_.load(std::memory_order_acquire);
        while (begun_.load(std::memory_order_acquire) == begun) {
        }
        if (ob_insert_inject_fault(insert.get(), OB_FAULT_KILL, 0) == OB_OK)
            kills.push_back(rt::os::monotonic_ns());
        rt::os::sleep_until_ns(rt::os::monotonic_ns() + 10'000'000);
    }

    static void match(const std::vector<Block>& blocks, const std::vector<std::uint64_t>& kills,
                      Figures& figures)
    {
        Samples samples;
        for (const std::uint64_t kill_ns : kills) {
            const auto block =
                std::find_if(blocks.begin(), blocks.end(), [kill_ns](const Block& candidate) {
                    return candidate.started_ns <= kill_ns && kill_ns <= candidate.ended_ns;
                });
            if (block == blocks.end()) {
                ++figures.kills_between;
                continue;
            }
            samples.push_back(block->ended_ns - block->started_ns);
            figures.late_over_kill += block->is_late ? 1 : 0;
        }
        figures.over_kill = times_of(samples);
    }

    const StandbyOptions& options_;
    int cpu_;
    int other_cpu_;
    int priority_;
    Host host_;
    Caller caller_;
    std::vector<Insert> inserts_;
    std::atomic<std::uint64_t> begun_{0};
};

[[nodiscard]] double us(std::uint64_t ns) noexcept
{
    return static_cast<double>(ns) / 1e3;
}

void print(const std::string& processor, const std::vector<Figures>& all)
{
    std::printf("%s, us\n", processor.c_str());
    for (const Figures& figures : all) {
        std::printf("  %-9s p50 %7.1f  p99 %7.1f  max %9.1f (%zu blocks)", figures.name.c_str(),
                    us(figures.quiet.p50_ns), us(figures.quiet.p99_ns), us(figures.quiet.max_ns),
                    figures.quiet.count);
        if (figures.over_kill.count != 0) {
            std::printf(
                "; over a kill p50 %7.1f  p99 %7.1f  max %7.1f, %llu of %zu late; %llu "
                "kills between blocks",
                us(figures.over_kill.p50_ns), us(figures.over_kill.p99_ns),
                us(figures.over_kill.max_ns),
                static_cast<unsigned long long>(figures.late_over_kill), figures.over_kill.count,
                static_cast<unsigned long long>(figures.kills_between));
        }
        std::printf("\n");
    }
    static_cast<void>(std::fflush(stdout));
}

[[nodiscard]] nlohmann::json to_json(const Times& times)
{
    return {{"samples", times.count},
            {"p50_ns", times.p50_ns},
            {"p99_ns", times.p99_ns},
            {"max_ns", times.max_ns}};
}

[[nodiscard]] nlohmann::json to_json(const std::string& processor, const Figures& figures)
{
    return {{"processor", processor},
            {"standby", figures.name},
            {"quiet", to_json(figures.quiet)},
            {"over_kill", to_json(figures.over_kill)},
            {"late_over_kill", figures.late_over_kill},
            {"kills_between", figures.kills_between}};
}

[[nodiscard]] ExitCode run(int argc, char** argv)
{
    StandbyOptions options;
    CLI::App app{"What a hot standby costs, and what a kill costs with one"};
    app.add_option("--chunks", options.chunk_count, "Of each candidate (default 40)")
        ->check(CLI::Range(1, 10'000));
    app.add_option("--blocks", options.chunk_block_count, "Of a chunk (default 250)")
        ->check(CLI::Range(10, 100'000));
    app.add_option("--kills", options.kill_count, "Of each kind of standby (default 100)")
        ->check(CLI::Range(0, 100'000));
    app.add_option("--json", options.json_path, "Also write the figures to this file");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error);
    }
    const Machine machine = describe_machine();
    bench::print(machine);
    if (!machine.may_be_fifo || machine.cpus.size() < 2)
        throw std::runtime_error{"a trailing standby needs SCHED_FIFO, another CPU needs two"};
    nlohmann::json results = nlohmann::json::array();
    for (const std::string& service : {std::string{"null"}, own_program(argv[0])}) {
        const std::string processor = service == "null" ? "null" : "busy 300 us";
        const auto all = Measurement{service, options, machine}.run();
        ::print(processor, all);
        for (const Figures& figures : all)
            results.push_back(::to_json(processor, figures));
    }
    if (options.json_path.empty())
        return 0;
    std::ofstream file{options.json_path};
    file << nlohmann::json{{"benchmark", "standby"},
                           {"version", 1},
                           {"machine", bench::to_json(machine)},
                           {"results", results}}
                .dump(2)
         << '\n';
    file.close();
    if (!file)
        throw std::runtime_error{options.json_path + ": cannot be written"};
    return 0;
}

}  // namespace

int main(int argc, char** argv)
{
    // NOLINTNEXTLINE(concurrency-mt-unsafe): before there are other threads
    if (std::getenv("OUTBOARD_SOCKET") != nullptr)
        return outboard::serve<Busy>(argc, argv);
    return run_reporting_errors(run, argc, argv);
}
