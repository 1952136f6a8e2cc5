// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The thread that strikes services when the stream has come to a fault's frame.
///
///     audio thread --- advance(): one store ---> position ---> striking thread --->
///     Chain::strike()
///
/// In real time it sleeps until the clock says that the frame is being processed, be that in the
/// middle of a block. At free pace the stream would be far beyond by then, so there the audio
/// thread waits for it in await_strikes().

#include "sdk/cli/chain.hpp"
#include "sdk/cli/fault_plan.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace outboard::cli {

/// What became of a planned fault.
struct FaultOutcome {
    PlannedFault fault;
    bool has_struck = false;
    bool was_delayed = false;        ///< there was no service to strike at first
    std::uint64_t struck_frame = 0;  ///< of the stream
    std::string refusal;             ///< why it did not strike
};

class FaultStriker {
public:
    struct Settings {
        std::uint32_t rate_hz = 48'000;
        std::uint32_t block_frames = 64;
        std::int32_t priority = 0;  ///< real-time; 0: ordinary
    };

    FaultStriker(Chain& chain, FaultPlan plan, const Settings& settings);
    ~FaultStriker();
    FaultStriker(const FaultStriker&) = delete;
    FaultStriker(FaultStriker&&) = delete;
    FaultStriker& operator=(const FaultStriker&) = delete;
    FaultStriker& operator=(FaultStriker&&) = delete;

    /// The block that starts at `frame` is processed now.
    /// @thread audio
    /// @rt     wait-free
    void advance(std::uint64_t frame) noexcept
    {
        // release, pairs with the acquire in wait_for(): none of our data depends on it, but a
        // strike must not seem to come before the block in which it was due.
        position_.store(frame, std::memory_order_release);
    }

    /// Waits until all faults that are due at `frame` have had their turn.
    /// @thread audio, at free pace only
    /// @rt     no: blocks
    void await_strikes(std::uint64_t frame);

    /// Ends the thread and tells what happened, in order.
    /// @thread control
    [[nodiscard]] std::vector<FaultOutcome> stop();

private:
    using Lock = std::unique_lock<std::mutex>;

    void run();
    [[nodiscard]] bool wait_for(Lock& lock, std::uint64_t frame);
    [[nodiscard]] FaultOutcome strike(Lock& lock, const PlannedFault& fault);
    [[nodiscard]] std::chrono::nanoseconds time_of(std::uint64_t frames) const noexcept;

    Chain& chain_;
    FaultPlan plan_;  ///< guarded by mutex_
    const Settings settings_;
    std::atomic<std::uint64_t> position_{0};
    std::vector<FaultOutcome> outcomes_;  ///< the striking thread's, until it has ended

    std::mutex mutex_;
    std::condition_variable wake_;  ///< the striking thread waits on it
    std::condition_variable done_;  ///< await_strikes() waits on it
    bool stop_requested_ = false;   ///< guarded by mutex_
    std::thread thread_;
};

}  // namespace outboard::cli
