// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The one real-time thread of a link: waits on the request bell, runs every lane that has a block,
/// rings each caller that got an answer once, and then writes the checkpoints that are wanted.
/// Where the host allows it, it spins for a moment before it sleeps (docs/decisions).

#include "rt/control/result.hpp"
#include "rt/os/poll.hpp"
#include "rt/os/scheduling.hpp"
#include "rt/os/ticks.hpp"
#include "rt/path/tick_clock.hpp"
#include "sdk/src/link/layout.hpp"
#include "sdk/src/service/fault_hook.hpp"
#include "sdk/src/service/lane_runner.hpp"

#include <outboard/common.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <thread>
#include <vector>

namespace outboard::service {

struct DspThreadOptions {
    int priority = 0;       ///< SCHED_FIFO; 0: ordinary scheduling
    std::vector<int> cpus;  ///< where it may run; empty: anywhere
    /// How long it may spin before it sleeps, while recent requests came within that time.
    std::uint64_t spin_ns = 0;
};

class DspThread {
public:
    /// Starts the thread and waits until it has obtained the rights that it gets.
    /// @pre    both segments outlive it
    /// @thread control
    [[nodiscard]] static rt::Result<std::unique_ptr<DspThread>> start(
        const DspThreadOptions& options, link::BellsSegment& bells, link::ServiceSegment& segment);

    DspThread(const DspThread&) = delete;
    DspThread(DspThread&&) = delete;
    DspThread& operator=(const DspThread&) = delete;
    DspThread& operator=(DspThread&&) = delete;
    /// @pre it is stopped
    ~DspThread();

    [[nodiscard]] const ob_realtime_grant& grant() const noexcept { return grant_; }
    [[nodiscard]] rt::os::ThreadId thread_id() const noexcept { return thread_id_; }

    /// Moves the thread, which goes on meanwhile.
    /// @return what it has then; also in grant()
    /// @thread control
    const ob_realtime_grant& place(const DspThreadOptions& options);

    /// Hands a lane over, and all that was written to it so far: from now on its blocks are
    /// processed.
    /// @pre    there is none at that index; the lane lives until remove_lane() or stop() said true
    /// @thread control
    void add_lane(std::uint32_t index, LaneRunner& lane) noexcept;

    /// Takes a lane away, and waits until the thread has left it.
    /// @thread control
    /// @return false when it had not at the deadline: then the lane must live on
    [[nodiscard]] bool remove_lane(std::uint32_t index, std::uint64_t deadline_ns) noexcept;

    /// What its lanes read the time by. @thread dsp
    [[nodiscard]] rt::TickClock<>& clock() noexcept { return clock_; }

    /// Asks the thread to end, and waits.
    /// @thread control
    /// @return false when it had not ended at the deadline: it hangs inside a processor
    [[nodiscard]] bool stop(std::uint64_t deadline_ns) noexcept;

private:
    DspThread(link::BellsSegment& bells, link::ServiceSegment& segment,
              rt::os::WakeEvent ended) noexcept
        : bells_(bells),
          segment_(segment),
          ended_(std::move(ended))
    {}
    [[nodiscard]] rt::Result<void> launch(const DspThreadOptions& options);
    void stream(std::uint64_t spin_ns) noexcept;
    [[nodiscard]] bool has_work() noexcept;
    [[nodiscard]] std::span<const std::atomic<LaneRunner*>> lanes() const noexcept;
    void run_lanes() noexcept;
    void ring_callers(std::uint32_t callers) noexcept;
    void finish_lanes() noexcept;
    void beat() noexcept;
    void confirm_removals(std::uint32_t removal_count) noexcept;
    [[nodiscard]] bool has_removals() const noexcept
    {
        return removals_wanted_.load(std::memory_order_relaxed) !=
               removals_done_.load(std::memory_order_relaxed);
    }
    [[nodiscard]] bool is_stopping() const noexcept
    {
        // acquire, pairs with the release in stop().
        return stopping_.load(std::memory_order_acquire);
    }

    link::BellsSegment& bells_;
    link::ServiceSegment& segment_;
    rt::os::WakeEvent ended_;
    std::array<std::atomic<LaneRunner*>, link::link_lane_count_max> lanes_{};
    std::atomic<std::size_t> lane_end_{0};  ///< no lane lies at or behind this place
    std::atomic<bool> stopping_{false};
    std::atomic<std::uint32_t> removals_wanted_{0};
    std::atomic<std::uint32_t> removals_done_{0};  ///< as many lanes has the thread seen go
    std::uint64_t beat_count_ = 0;
    rt::TickClock<> clock_{rt::os::has_steady_ticks()};
    ob_realtime_grant grant_{};
    rt::os::ThreadId thread_id_ = 0;  ///< written before the grant is there
    std::thread thread_;
};
static_assert(link::caller_count_max <= 32, "callers to ring are bits of a word");

}  // namespace outboard::service
