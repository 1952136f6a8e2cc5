// SPDX-License-Identifier: MIT

#include "bench/tool/hop_cell.hpp"

#include "bench/distance_probe.hpp"
#include "bench/hop_bare.hpp"
#include "bench/hop_null.hpp"
#include "bench/interruption.hpp"
#include "bench/jack_graph.hpp"
#include "bench/steal_time.hpp"
#include "bench/tool/sequence_signal.hpp"

#include <time.h>
#include <algorithm>
#include <array>
#include <exception>
#include <thread>
#include <utility>

namespace outboard::bench {

namespace {

constexpr int caller_priority = 80;
constexpr int peer_priority = 78;  // what the library gives its DSP thread
constexpr std::uint32_t spin_us = 20;
constexpr std::size_t chunk_block_count_max = 250;
constexpr std::size_t pair_count_min = 8;

/// Values with the time of each.
struct Track {
    const char* name;
    std::vector<std::uint64_t> values;
    std::vector<double> times_s;

    void add(std::uint64_t value, double at_s)
    {
        values.push_back(value);
        times_s.push_back(at_s);
    }
};

enum Stage : std::size_t { round_trip, post, wake, dsp, reply, collect, bare_round_trip };
constexpr std::array<const char*, 7> stage_names{"round-trip", "post",    "wake", "dsp",
                                                 "reply",      "collect", "bare"};

[[nodiscard]] std::uint64_t between(std::uint64_t from_ns, std::uint64_t to_ns) noexcept
{
    return to_ns > from_ns ? to_ns - from_ns : 0;  // the other side's clock reads are input
}

[[nodiscard]] std::uint64_t thread_cpu_ns() noexcept
{
    timespec used{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return static_cast<std::uint64_t>(used.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(used.tv_nsec);
}

/// How much of the time in a call the caller slept. The reading of its CPU time is in that itself,
/// so that the share comes out too small rather than too large.
struct Idling {
    std::uint64_t called_ns = 0;
    std::uint64_t cpu_ns = 0;

    [[nodiscard]] double share() const noexcept
    {
        if (called_ns == 0)
            return 0.0;
        return 1.0 - std::min(1.0, static_cast<double>(cpu_ns) / static_cast<double>(called_ns));
    }
};

/// The blocks of a cell, on the caller's thread.
class CellRun {
public:
    /// @param block_count  at most, of each; so that nothing is allocated meanwhile
    CellRun(const HopCell& cell, NullHop& null, BareHop& bare, std::size_t block_count)
        : cell_(cell),
          null_(null),
          bare_(bare),
          signal_(cell.frame_count, null.latency_frames()),
          in_(std::size_t{2} * cell.frame_count),
          out_(in_.size())
    {
        for (std::size_t stage = 0; stage < tracks.size(); ++stage) {
            tracks[stage].name = stage_names[stage];
            tracks[stage].values.reserve(block_count);
            tracks[stage].times_s.reserve(block_count);
        }
    }

    [[nodiscard]] Samples chunk_of_ours(std::size_t block_count)
    {
        return run_chunk(block_count, idling, [this] { return hop_ours(); });
    }
    [[nodiscard]] Samples chunk_of_bare(std::size_t block_count)
    {
        return run_chunk(block_count, bare_idling, [this] { return hop_bare(); });
    }
    /// What was noted until now was the warm-up.
    void start_over()
    {
        for (Track& track : tracks) {
            track.values.clear();
            track.times_s.clear();
        }
        idling = {};
        bare_idling = {};
        start_ns_ = rt::os::monotonic_ns();
    }
    [[nodiscard]] SoundCheck sound() const
    {
        return {signal_.exact_count(), signal_.wrong_count(), signal_.late_count(),
                null_.latency_frames()};
    }

    std::array<Track, stage_names.size()> tracks{};
    Idling idling;
    Idling bare_idling;

private:
    template <typename Hop>
    [[nodiscard]] Samples run_chunk(std::size_t block_count, Idling& idle, Hop&& hop)
    {
        Samples samples;
        samples.reserve(block_count);
        std::uint64_t next_ns = rt::os::monotonic_ns();
        for (std::size_t block = 0; block < block_count && !is_interrupted(); ++block) {
            if (cell_.is_paced) {
                next_ns = std::max(next_ns + cell_.period_ns(), rt::os::monotonic_ns());
                rt::os::sleep_until_ns(next_ns);
            }
            const std::uint64_t cpu_before_ns = thread_cpu_ns();
            samples.push_back(hop());
            idle.cpu_ns += thread_cpu_ns() - cpu_before_ns;
            idle.called_ns += samples.back();
        }
        return samples;
    }

    [[nodiscard]] std::uint64_t hop_ours()
    {
        signal_.fill(in_);
        if (!cell_.is_paced)
            null_.begin_patiently();
        const std::uint64_t start_ns = rt::os::monotonic_ns();
        const bool in_time = null_.hop(in_, out_);
        const std::uint64_t end_ns = rt::os::monotonic_ns();
        signal_.check(out_, in_time);
        const double at_s = static_cast<double>(start_ns - start_ns_) / 1e9;
        tracks[round_trip].add(end_ns - start_ns, at_s);
        if (in_time)
            note_stages(null_.block_times(), start_ns, end_ns, at_s);
        return end_ns - start_ns;
    }

    void note_stages(const ob_block_times& times, std::uint64_t start_ns, std::uint64_t end_ns,
                     double at_s)
    {
        tracks[post].add(between(start_ns, times.posted_ns), at_s);
        tracks[collect].add(between(times.seen_ns, end_ns), at_s);
        if (times.dsp_started_ns == 0)
            return;  // pipelined, the first block: there is no answer yet
        tracks[dsp].add(between(times.dsp_started_ns, times.dsp_ended_ns), at_s);
        if (cell_.mode != OB_MODE_SYNC)
            return;  // that answer is the one to an older block: nobody has waited for it
        tracks[wake].add(between(times.posted_ns, times.dsp_started_ns), at_s);
        tracks[reply].add(between(times.dsp_ended_ns, times.seen_ns), at_s);
    }

    [[nodiscard]] std::uint64_t hop_bare()
    {
        const std::uint64_t start_ns = rt::os::monotonic_ns();
        bare_.hop(in_, out_);
        const std::uint64_t elapsed_ns = rt::os::monotonic_ns() - start_ns;
        tracks[bare_round_trip].add(elapsed_ns, static_cast<double>(start_ns - start_ns_) / 1e9);
        return elapsed_ns;
    }

    const HopCell& cell_;
    NullHop& null_;
    BareHop& bare_;
    SequenceSignal signal_;
    std::vector<float> in_;
    std::vector<float> out_;
    std::uint64_t start_ns_ = rt::os::monotonic_ns();
};

struct Surroundings {
    double steal_ms = 0.0;
    std::uint64_t distance_before_ns = 0;
    std::uint64_t distance_after_ns = 0;
};

void add_measurements(const HopCell& cell, const CellRun& run, std::size_t warm_up_count,
                      const Surroundings& around, Result& result)
{
    for (const Track& track : run.tracks) {
        if (track.values.empty())
            continue;
        Measurement measurement;
        measurement.cell = cell.name();
        measurement.name = measurement.cell + "/" + track.name;
        measurement.parameters = cell.parameters();
        measurement.warm_up_count = warm_up_count;
        measurement.steal_ms = around.steal_ms;
        measurement.distance_before_ns = around.distance_before_ns;
        measurement.distance_after_ns = around.distance_after_ns;
        if (track.name == stage_names[round_trip])
            measurement.idle_share = run.idling.share();
        if (track.name == stage_names[bare_round_trip])
            measurement.idle_share = run.bare_idling.share();
        describe_values(measurement, track.values, track.times_s);
        result.measurements.push_back(std::move(measurement));
    }
}

void add_ratios(const HopCell& cell, const std::vector<ChunkPair>& pairs, Result& result)
{
    if (pairs.empty())
        return;
    for (const auto& [name, quantile] : {std::pair{"p50", 0.5}, std::pair{"p99", 0.99}}) {
        result.ratios.push_back({.name = cell.name() + "/round-trip",
                                 .to = cell.name() + "/bare",
                                 .quantile = name,
                                 .pair_count = pairs.size(),
                                 .ratio = ratio_at(pairs, quantile)});
    }
}

}  // namespace

SoundCheck measure_hop_cell(const HopCell& cell, std::size_t sample_count, const Machine& machine,
                            Result& result)
{
    const int caller_cpu = machine.cpus.front();
    const int other_cpu = machine.cpus.back();
    DistanceProbe probe{caller_cpu, other_cpu};
    BareHop bare{{.sample_count = std::size_t{2} * cell.frame_count,
                  .peer_cpu = cell.placement == OB_PLACEMENT_SAME ? caller_cpu : other_cpu,
                  .peer_priority = cell.is_fifo ? peer_priority : 0,
                  .spin_ns = cell.spins ? std::uint64_t{spin_us} * 1'000 : 0,
                  .deadline_ns = cell.is_paced ? cell.period_ns() / 2 : 0}};
    NullHop null{{.caller_cpu = caller_cpu,
                  .caller_priority = cell.is_fifo ? caller_priority : 0,
                  .frame_count = cell.frame_count,
                  .mode = cell.mode,
                  .fallback = OB_FALLBACK_SILENCE,
                  .placement = cell.placement,
                  .spin_us = cell.spins ? spin_us : 0}};
    const std::size_t chunk =
        std::clamp<std::size_t>(sample_count / pair_count_min, 1, chunk_block_count_max);
    CellRun run{cell, null, bare, sample_count + chunk};
    Surroundings around;
    std::thread caller{[&] {
        take_cpu(caller_cpu, cell.is_fifo ? caller_priority : 0);
        around.distance_before_ns = probe.round_trip_ns();
        static_cast<void>(run.chunk_of_ours(chunk));
        static_cast<void>(run.chunk_of_bare(chunk));
        run.start_over();
        const StealTime steal;
        auto pairs = run_alternating(
            sample_count / chunk, [&] { return run.chunk_of_ours(chunk); },
            [&] { return run.chunk_of_bare(chunk); }, [] { return !is_interrupted(); });
        around.steal_ms = steal.ms_since();
        around.distance_after_ns = probe.round_trip_ns();
        if (is_interrupted() && !pairs.empty())
            pairs.pop_back();  // which may be without one side
        add_ratios(cell, pairs, result);
    }};
    caller.join();
    add_measurements(cell, run, chunk, around, result);
    return run.sound();
}

void measure_jack_cell(std::size_t sample_count, const Machine& machine, Result& result)
{
    constexpr std::size_t warm_up_count = 200;  // that measure_jack() leaves out
    const StealTime steal;
    const JackCosts costs =
        measure_jack(1, sample_count, machine.may_be_fifo ? caller_priority : 0);
    const HopCell cell{64, OB_MODE_SYNC, OB_PLACEMENT_OTHER, false, machine.may_be_fifo, true};
    Measurement measurement;
    measurement.cell = "jack";
    measurement.name = "jack/round-trip";
    measurement.parameters = cell.parameters();
    measurement.parameters["placement"] = "any";
    measurement.warm_up_count = warm_up_count;
    measurement.steal_ms = steal.ms_since();
    std::vector<double> times_s(costs.times_ns.size());
    for (std::size_t cycle = 0; cycle < times_s.size(); ++cycle)
        times_s[cycle] = static_cast<double>(cycle * cell.period_ns()) / 1e9;
    describe_values(measurement, costs.times_ns, times_s);
    result.measurements.push_back(std::move(measurement));
}

}  // namespace outboard::bench
