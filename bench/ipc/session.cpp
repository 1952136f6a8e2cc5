// SPDX-License-Identifier: MIT

#include "bench/ipc/session.hpp"

#include "bench/interruption.hpp"
#include "bench/ipc/message.hpp"
#include "bench/machine.hpp"
#include "rt/os/clock.hpp"
#include "rt/os/futex.hpp"

#include <signal.h>
#include <algorithm>
#include <cstdio>
#include <ctime>

namespace outboard::bench::ipc {

namespace {

using rt::os::FutexScope;
using Word = std::atomic<std::uint32_t>;

/// How often the supervisor looks up from its sleep: for ctrl-C, and for sides that have ended.
constexpr std::uint64_t look_ns = 50'000'000;
constexpr std::size_t failure_bytes = 256;

[[nodiscard]] std::uint64_t cpu_time_ns() noexcept
{
    timespec time{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(time.tv_nsec);
}

/// Until `word` is no longer `seen`.
void sleep_until_other_than(Word& word, std::uint32_t seen, std::uint64_t deadline_ns) noexcept
{
    while (word.load(std::memory_order_acquire) == seen &&
           (deadline_ns == rt::os::no_deadline_ns || rt::os::monotonic_ns() < deadline_ns))
        static_cast<void>(rt::os::futex_wait({&word, seen, FutexScope::shared}, deadline_ns));
}

}  // namespace

struct Session::Shared {
    /// What one side tells the supervisor; complete once it has counted itself in `done`.
    struct alignas(64) Report {
        std::uint64_t cpu_ns = 0;
        bool has_placement = false;
        std::atomic<bool> has_failed{false};
        std::array<char, failure_bytes> failure{};
    };

    alignas(64) Word started{0};    ///< tasks; both sides sleep here
    alignas(64) Word far_ready{0};  ///< tasks that far is awake for; near sleeps here
    alignas(64) Word done{0};       ///< reports, two a task, or one of a failure; supervisor
    Task task;
    std::uint64_t start_ns = 0;
    std::uint64_t end_ns = 0;
    std::array<Report, 2> reports;
    std::array<std::uint64_t, samples_max> samples_ns{};

    [[nodiscard]] Report& report(Side side) { return reports[static_cast<std::size_t>(side)]; }
};

/// One side's part in the tasks.
class Session::Worker {
public:
    Worker(Shared& shared, End& end, Side side, const Setup& setup)
        : shared_(shared),
          end_(end),
          side_(side),
          sent_(setup.message_bytes),
          received_(setup.message_bytes)
    {
        fill(sent_, 0);
    }

    void run(std::uint32_t index)
    {
        const Task task = shared_.task;
        const std::uint64_t cpu_before_ns = cpu_time_ns();
        if (side_ == Side::far) {
            shared_.far_ready.store(index, std::memory_order_release);
            rt::os::futex_wake(shared_.far_ready, FutexScope::shared);
            task.kind == TaskKind::one_way ? receive_all(task) : answer_all(task);
        } else {
            sleep_until_other_than(shared_.far_ready, index - 1, rt::os::no_deadline_ns);
            shared_.start_ns = rt::os::monotonic_ns();
            task.kind == TaskKind::one_way ? send_all(task) : ask_all(task);
        }
        shared_.report(side_).cpu_ns = cpu_time_ns() - cpu_before_ns;
    }

private:
    void ask_all(const Task& task)
    {
        for (std::uint64_t index = 0; index < task.message_count; ++index) {
            stamp(sent_, ++number_);
            const std::uint64_t start_ns = rt::os::monotonic_ns();
            end_.send(sent_);
            end_.receive(received_);
            shared_.samples_ns[index] = rt::os::monotonic_ns() - start_ns;
            check_stamps(received_, number_);
        }
        shared_.end_ns = rt::os::monotonic_ns();
        check_all(received_, number_);
    }

    /// Sends back what came, so that near sees the damage of either way.
    void answer_all(const Task& task)
    {
        for (std::uint64_t index = 0; index < task.message_count; ++index) {
            end_.receive(received_);
            check_words(std::span{received_}.first(word_bytes), ++number_, 1);
            end_.send(received_);
        }
    }

    void send_all(const Task& task)
    {
        for (std::uint64_t index = 0; index < task.message_count; ++index) {
            stamp(sent_, ++number_);
            end_.send(sent_);
        }
    }

    void receive_all(const Task& task)
    {
        for (std::uint64_t index = 0; index < task.message_count; ++index) {
            end_.receive(received_);
            check_stamps(received_, ++number_);
        }
        shared_.end_ns = rt::os::monotonic_ns();
        check_all(received_, number_);
    }

    Shared& shared_;
    End& end_;
    Side side_;
    std::vector<std::byte> sent_;
    std::vector<std::byte> received_;
    std::uint64_t number_ = 0;  ///< of the last message, in both processes alike
};

bool Session::work(Shared& shared, Channel& channel, Side side, const Setup& setup,
                   const Placement& placement) noexcept
{
    ignore_interruption();
    static_cast<void>(::signal(SIGPIPE, SIG_IGN));
    Shared::Report& report = shared.report(side);
    try {
        report.has_placement = take_cpu(side == Side::near ? placement.near_cpu : placement.far_cpu,
                                        placement.priority);
        const std::unique_ptr<End> end = channel.end(side);
        Worker worker{shared, *end, side, setup};
        for (std::uint32_t index = 1;; ++index) {
            sleep_until_other_than(shared.started, index - 1, rt::os::no_deadline_ns);
            worker.run(index);
            // Only the second wakes the supervisor: the first might still have a message under way.
            if (shared.done.fetch_add(1, std::memory_order_acq_rel) + 1 == 2 * index)
                rt::os::futex_wake(shared.done, FutexScope::shared);
        }
    } catch (const std::exception& error) {
        static_cast<void>(std::snprintf(report.failure.data(), report.failure.size(), "%s side: %s",
                                        side == Side::near ? "near" : "far", error.what()));
        // release, pairs with the acquire in run(): the text is complete.
        report.has_failed.store(true, std::memory_order_release);
        shared.done.fetch_add(1, std::memory_order_release);
        rt::os::futex_wake(shared.done, FutexScope::shared);
        return false;
    }
}

Session::Session(const Mechanism& mechanism, const Setup& setup, const Placement& placement)
    : channel_(mechanism.open(setup)),
      shared_(std::make_unique<SharedObject<Shared>>())
{
    const auto start = [&](Side side) {
        return std::make_unique<ForkedProcess>([this, side, &setup, &placement] {
            return work(**shared_, *channel_, side, setup, placement);
        });
    };
    near_ = start(Side::near);
    far_ = start(Side::far);
}

Session::~Session() = default;

Chunk Session::run(const Task& task, std::uint64_t limit_ns)
{
    Shared& shared = **shared_;
    const std::uint32_t wanted = shared.done.load(std::memory_order_relaxed) + 2;
    const std::uint64_t deadline_ns = rt::os::monotonic_ns() + limit_ns;
    shared.task = task;
    shared.started.fetch_add(1, std::memory_order_release);
    rt::os::futex_wake(shared.started, FutexScope::shared, 2);
    for (std::uint32_t done = wanted - 2; done != wanted;) {
        const std::uint64_t now_ns = rt::os::monotonic_ns();
        if (now_ns >= deadline_ns)
            throw Failed{"nothing came for " + std::to_string(limit_ns / 1'000'000'000) + " s"};
        sleep_until_other_than(shared.done, done, std::min(now_ns + look_ns, deadline_ns));
        done = shared.done.load(std::memory_order_acquire);
        if (is_interrupted())
            throw Interrupted{};
        for (const Shared::Report& report : shared.reports) {
            if (report.has_failed.load(std::memory_order_acquire))
                throw Failed{report.failure.data()};
        }
        if (done != wanted && (near_->has_ended() || far_->has_ended()))
            throw Failed{"a side has ended before its time"};
    }
    Chunk chunk;
    chunk.message_count = task.message_count;
    if (task.kind == TaskKind::round_trips) {
        const auto first = shared.samples_ns.begin();
        chunk.round_trips_ns.assign(first, first + static_cast<std::ptrdiff_t>(task.message_count));
    }
    chunk.elapsed_ns = shared.end_ns - shared.start_ns;
    chunk.cpu_ns = shared.reports[0].cpu_ns + shared.reports[1].cpu_ns;
    return chunk;
}

bool Session::has_placement() const noexcept
{
    const auto& reports = (**shared_).reports;
    return reports[0].has_placement && reports[1].has_placement;
}

}  // namespace outboard::bench::ipc
