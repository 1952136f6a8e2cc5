// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A device without a card: its input is silence and its output is dropped, but its clock, its
/// thread and its xruns are those of a card with two periods of buffer. For files, tests, servers.

#include "audio/block_clock.hpp"
#include "audio/device.hpp"
#include "audio/device_counters.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace outboard::audio {

enum class Pace : std::uint8_t {
    realtime,  ///< one block per period; what is late is an xrun
    free,      ///< the next block at once; process() may block, and there are no xruns
};

class NullDevice final : public Device {
public:
    explicit NullDevice(Pace pace) noexcept : pace_(pace) {}
    ~NullDevice() override;
    NullDevice(const NullDevice&) = delete;
    NullDevice(NullDevice&&) = delete;
    NullDevice& operator=(const NullDevice&) = delete;
    NullDevice& operator=(NullDevice&&) = delete;

    [[nodiscard]] std::string_view backend_name() const noexcept override { return "null"; }
    [[nodiscard]] Result<void> open(const DeviceSettings& wanted) override;
    [[nodiscard]] const DeviceSettings& settings() const noexcept override { return settings_; }

    /// In `free` pace the BlockTime is that of an ideal card which started now.
    [[nodiscard]] Result<void> start(DeviceCallback& callback) override;
    void stop() noexcept override;
    void close() noexcept override;
    [[nodiscard]] bool wait_until_finished(std::chrono::milliseconds limit) override;
    [[nodiscard]] DeviceStatistics statistics() const noexcept override;

    /// One block each way.
    [[nodiscard]] DeviceLatency latency() const noexcept override;

private:
    enum class State : std::uint8_t { closed, open, running };

    void run(DeviceCallback& callback) noexcept;
    [[nodiscard]] bool wait_for_block(std::uint64_t due_ns) noexcept;
    [[nodiscard]] Flow run_block(DeviceCallback& callback, BlockClock& clock,
                                 BlockTime& time) noexcept;
    [[nodiscard]] std::uint64_t advance(BlockClock& clock, std::uint64_t began_ns) noexcept;
    void report_xrun(DeviceCallback& callback, std::uint64_t lost_periods,
                     BlockTime& next) noexcept;
    void allocate_buffers();

    const Pace pace_;
    State state_ = State::closed;  ///< control thread only
    DeviceSettings settings_;
    std::vector<float> samples_;  ///< one silent channel that all inputs share, then the outputs
    std::vector<const float*> inputs_;
    std::vector<float*> outputs_;
    DeviceCounters counters_;

    // The audio thread waits for its next block on `wake_` and not in a sleep: on Linux that is a
    // futex with an absolute time, and stop() need not wait for the period to end. The mutex is
    // contended only by stop().
    std::mutex mutex_;
    std::condition_variable wake_;
    std::condition_variable finished_change_;
    bool stop_requested_ = false;  ///< guarded by mutex_
    bool finished_ = false;        ///< guarded by mutex_
    std::thread thread_;
};

}  // namespace outboard::audio
