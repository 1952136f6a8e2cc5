// SPDX-License-Identifier: MIT

#include "bench/ipc/runner.hpp"

#include "bench/steal_time.hpp"
#include "rt/os/clock.hpp"

#include <unistd.h>
#include <algorithm>
#include <cstdio>

namespace outboard::bench::ipc {

namespace {

/// A chunk takes milliseconds: what takes so long has hung.
constexpr std::uint64_t limit_ns = 10'000'000'000;

/// One mechanism under way.
struct Runner {
    std::unique_ptr<Session> session;
    Task round_trips{TaskKind::round_trips, 8};  ///< the next chunks
    Task one_way{TaskKind::one_way, 8};
    Measured measured;
};

/// Runs a chunk, and makes the next one as long as to take about `chunk_ns` at the speed of this
/// one: what a mechanism takes for a message depends on the machine's mood, and on how many there
/// are to a chunk.
[[nodiscard]] Chunk run_chunk(Session& session, Task& task, std::uint64_t chunk_ns)
{
    constexpr std::uint64_t least = 4;
    constexpr std::uint64_t factor_max = 8;  // short chunks say little of long ones
    Chunk chunk = session.run(task, limit_ns);
    const std::uint64_t elapsed_ns = std::max<std::uint64_t>(chunk.elapsed_ns, 1);
    const std::uint64_t count = std::clamp(task.message_count * chunk_ns / elapsed_ns, least,
                                           task.message_count * factor_max);
    task.message_count = task.kind == TaskKind::round_trips ? std::min(count, samples_max) : count;
    return chunk;
}

/// Touches all memory and finds out how many messages make a chunk.
void warm_up(Runner& runner, std::uint64_t chunk_ns)
{
    constexpr int chunk_count = 5;
    for (Task* const task : {&runner.round_trips, &runner.one_way}) {
        for (int chunk = 0; chunk < chunk_count; ++chunk)
            static_cast<void>(run_chunk(*runner.session, *task, chunk_ns));
    }
}

[[nodiscard]] Runner start(const std::string& name, const Plan& plan, std::size_t message_bytes,
                           const Placement& placement)
{
    const auto& all = mechanisms();
    const auto mechanism =
        std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.name == name; });
    Runner runner;
    runner.measured.mechanism = name;
    if (mechanism->open == nullptr) {
        runner.measured.refused = mechanism->missing;
        return runner;
    }
    try {
        const Setup setup{.message_bytes = message_bytes, .shares_cpu = plan.shares_cpu};
        runner.session = std::make_unique<Session>(*mechanism, setup, placement);
        warm_up(runner, plan.chunk_ns);
        runner.measured.has_placement = runner.session->has_placement();
        return runner;
    } catch (const Interrupted&) {
        throw;
    } catch (const Refused& reason) {
        runner.measured.refused = reason.what();
    } catch (const std::exception& error) {
        runner.measured.failed = error.what();
    }
    runner.session.reset();
    return runner;
}

void run_chunks(Runner& runner, std::uint64_t chunk_ns)
{
    const auto chunk_of = [&](Task& task) {
        rt::os::sleep_until_ns(rt::os::monotonic_ns() + pause_ns);
        return run_chunk(*runner.session, task, chunk_ns);
    };
    try {
        Chunk round_trips = chunk_of(runner.round_trips);
        Chunk one_way = chunk_of(runner.one_way);
        runner.measured.round_trips.push_back(std::move(round_trips));
        runner.measured.one_way.push_back(std::move(one_way));
    } catch (const Failed& error) {
        runner.measured.failed = error.what();
        runner.session.reset();
    }
}

void run_round(std::vector<Runner>& runners, std::size_t round, std::uint64_t chunk_ns)
{
    const std::size_t count = runners.size();
    for (std::size_t step = 0; step < count; ++step) {
        const std::size_t place = (round / 2 + step) % count;
        Runner& runner = runners[round % 2 == 0 ? place : count - 1 - place];
        if (runner.session)
            run_chunks(runner, chunk_ns);
    }
}

/// On a terminal one line that is written over and over; else one for each size.
class Progress {
public:
    explicit Progress(std::size_t message_bytes) : message_bytes_(message_bytes) {}
    ~Progress()
    {
        if (is_terminal_)
            static_cast<void>(std::fputs("\r\033[K", stderr));
    }
    Progress(const Progress&) = delete;
    Progress(Progress&&) = delete;
    Progress& operator=(const Progress&) = delete;
    Progress& operator=(Progress&&) = delete;

    void show(const char* what, std::size_t done, std::size_t all) const
    {
        if (is_terminal_) {
            static_cast<void>(std::fprintf(stderr, "\r\033[K%zu B: %s %zu of %zu", message_bytes_,
                                           what, done, all));
        } else if (done == 0) {
            static_cast<void>(std::fprintf(stderr, "%zu B: %s, %zu\n", message_bytes_, what, all));
        }
    }

private:
    std::size_t message_bytes_;
    bool is_terminal_ = ::isatty(STDERR_FILENO) != 0;
};

}  // namespace

SizeResult measure_size(const Plan& plan, std::size_t message_bytes, const Placement& placement,
                        DistanceProbe& probe)
{
    SizeResult result;
    result.message_bytes = message_bytes;
    const Progress progress{message_bytes};
    const StealTime steal;
    std::vector<Runner> runners;
    result.distance_before_ns = probe.round_trip_ns();
    try {
        for (const std::string& name : plan.mechanisms) {
            progress.show("mechanisms", runners.size(), plan.mechanisms.size());
            runners.push_back(start(name, plan, message_bytes, placement));
        }
        for (std::size_t round = 0; round < plan.round_count; ++round) {
            progress.show("rounds", round, plan.round_count);
            run_round(runners, round, plan.chunk_ns);
        }
    } catch (const Interrupted&) {  // what the runners have is kept
    }
    result.distance_after_ns = probe.round_trip_ns();
    result.steal_percent = steal.percent_since();
    for (Runner& runner : runners)
        result.mechanisms.push_back(std::move(runner.measured));
    return result;
}

}  // namespace outboard::bench::ipc
