// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Two processes with a channel between them, which sleep until they are given a task. The process
/// that opened the session takes no part in it, so that a mechanism that hangs, crashes or mixes
/// up its messages costs its own figures only, and is cleared away.
///
///     supervisor ── task, futex ──> near ══ channel ══ far
///          ^────── samples, or a failure, in shared memory ──'

#include "bench/chunked_ratio.hpp"
#include "bench/forked_process.hpp"
#include "bench/ipc/mechanism.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <stdexcept>

namespace outboard::bench::ipc {

/// Where the two sides run.
struct Placement {
    int near_cpu = 0;
    int far_cpu = 0;
    int priority = 0;  ///< SCHED_FIFO; 0: ordinary
};

enum class TaskKind : std::uint32_t {
    round_trips,  ///< near sends, far sends back what it got; each is timed by itself
    one_way,      ///< near sends, far receives; timed from the first send to the last receipt
};

inline constexpr std::uint64_t samples_max = 65'536;

struct Task {
    TaskKind kind = TaskKind::round_trips;
    std::uint64_t message_count = 0;  ///< 1 .. samples_max of round trips
};

struct Chunk {
    std::uint64_t message_count = 0;
    Samples round_trips_ns;        ///< of one way: none
    std::uint64_t elapsed_ns = 0;  ///< of the whole task
    std::uint64_t cpu_ns = 0;      ///< that both sides had a CPU for it
};

/// The mechanism did not do what it should; the text says what happened.
class Failed : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// The user wants an end.
class Interrupted : public std::exception {};

class Session {
public:
    /// Opens the channel and starts both sides. @pre the process has one thread
    /// Throws Refused, or what else `open` throws.
    Session(const Mechanism& mechanism, const Setup& setup, const Placement& placement);
    ~Session();
    Session(const Session&) = delete;
    Session(Session&&) = delete;
    Session& operator=(const Session&) = delete;
    Session& operator=(Session&&) = delete;

    /// Runs a task; sleeps until it is done. All messages are checked.
    /// Throws Failed when one was wrong, a side has ended, or nothing came for `limit_ns`; after
    /// that the session is of no more use. Throws Interrupted.
    [[nodiscard]] Chunk run(const Task& task, std::uint64_t limit_ns);

    /// Whether both sides got the CPU and the priority that they asked for. Known after a task.
    [[nodiscard]] bool has_placement() const noexcept;

private:
    struct Shared;
    class Worker;

    [[nodiscard]] static bool work(Shared& shared, Channel& channel, Side side, const Setup& setup,
                                   const Placement& placement) noexcept;

    std::unique_ptr<Channel> channel_;
    std::unique_ptr<SharedObject<Shared>> shared_;
    std::unique_ptr<ForkedProcess> near_;
    std::unique_ptr<ForkedProcess> far_;
};

}  // namespace outboard::bench::ipc
