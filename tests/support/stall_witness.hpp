// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Tells the machine's stalls from our own: a thread of higher real-time priority on the CPU under
/// test, which only sleeps in short steps and reads the clock. When it was not run in time, nobody
/// of lower priority on that CPU could have been.

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace outboard::test {

class StallWitness {
public:
    static constexpr std::uint64_t step_ns = 100'000;
    /// Later than this is a gap.
    static constexpr std::uint64_t tolerance_ns = 50'000;

    /// Times of CLOCK_MONOTONIC between which the thread was not run.
    struct Gap {
        std::uint64_t from_ns;
        std::uint64_t to_ns;
    };

    /// Starts at SCHED_FIFO `priority` on `cpu`, and waits until it has what it gets.
    StallWitness(int cpu, int priority);
    ~StallWitness();
    StallWitness(const StallWitness&) = delete;
    StallWitness(StallWitness&&) = delete;
    StallWitness& operator=(const StallWitness&) = delete;
    StallWitness& operator=(StallWitness&&) = delete;

    /// Without it the witness proves nothing.
    [[nodiscard]] bool is_realtime() const noexcept { return is_realtime_; }

    /// Ends the thread; gaps() is complete then.
    void stop();
    [[nodiscard]] const std::vector<Gap>& gaps() const noexcept { return gaps_; }
    /// @pre stop()
    /// @param at_least_ns  shorter gaps do not count
    [[nodiscard]] bool saw_gap_between(std::uint64_t from_ns, std::uint64_t to_ns,
                                       std::uint64_t at_least_ns = 0) const noexcept;

private:
    void watch() noexcept;

    bool is_realtime_ = false;
    std::atomic<bool> is_to_stop_{false};
    std::vector<Gap> gaps_;
    std::thread thread_;
};

}  // namespace outboard::test
