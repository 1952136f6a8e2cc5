// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A device that outlives its card and its server: when it is lost it is opened again, with
/// growing pauses, until it is there again or the owner stops it.
///
///     owner:   process ... process | lost |              ...              | back, process ...
///     device:  life 1 ------------ X  pause, open?, pause, open?, start     life 2 ------------
///
/// Seen by the owner it is one stream: stream_frame goes on where it was, and the event `back`
/// tells how many frames of device time had no block. on_thread_start is called in every life, as
/// each has its own audio thread.

#include "audio/device.hpp"

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

namespace outboard::audio {

class ReopeningDevice final : public Device, private DeviceCallback {
public:
    struct Pauses {
        std::chrono::milliseconds first{100};
        std::chrono::milliseconds longest{5'000};
    };

    ReopeningDevice(std::unique_ptr<Device> device, const Pauses& pauses);
    ~ReopeningDevice() override;
    ReopeningDevice(const ReopeningDevice&) = delete;
    ReopeningDevice(ReopeningDevice&&) = delete;
    ReopeningDevice& operator=(const ReopeningDevice&) = delete;
    ReopeningDevice& operator=(ReopeningDevice&&) = delete;

    [[nodiscard]] std::string_view backend_name() const noexcept override
    {
        return device_->backend_name();
    }

    /// Fails as the device does: only what was there once is waited for.
    [[nodiscard]] Result<void> open(const DeviceSettings& wanted) override;
    [[nodiscard]] const DeviceSettings& settings() const noexcept override { return granted_; }
    [[nodiscard]] Result<void> start(DeviceCallback& callback) override;
    void stop() noexcept override;
    void close() noexcept override;

    /// Waits for `finish` only.
    [[nodiscard]] bool wait_until_finished(std::chrono::milliseconds limit) override;

    /// Of all lives. @rt no: locks
    [[nodiscard]] DeviceStatistics statistics() const noexcept override;

    /// The device's own; while it is away, what it was. @rt no: locks
    [[nodiscard]] DeviceLatency latency() const noexcept override;

    struct Losses {
        std::uint64_t count = 0;
        bool is_away = false;
        std::optional<Error> problem;  ///< why it could not be opened the last time
    };

    /// @thread any plain one
    /// @rt     no: locks
    [[nodiscard]] Losses losses() const;

private:
    [[nodiscard]] Flow process(std::span<const float* const> inputs,
                               std::span<float* const> outputs, std::uint32_t frame_count,
                               const BlockTime& time) noexcept override;
    void device_event(const DeviceEvent& event) noexcept override;

    void watch();
    void end_life();
    [[nodiscard]] bool reopen();
    [[nodiscard]] Result<void> try_to_open();
    [[nodiscard]] bool pause(std::chrono::milliseconds time);
    void report_back(const BlockTime& time) noexcept;

    const std::unique_ptr<Device> device_;
    const Pauses pauses_;
    DeviceSettings granted_;
    DeviceCallback* owner_ = nullptr;

    // The audio thread's in a life, the watching thread's between two.
    std::uint64_t first_frame_ = 0;  ///< of this life, in the owner's stream
    std::uint64_t next_frame_ = 0;
    std::uint64_t end_ns_ = 0;  ///< when the device time of the last block ended
    bool must_report_back_ = false;

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    bool stop_requested_ = false;  ///< guarded by mutex_
    bool finished_ = false;        ///< guarded by mutex_
    bool is_live_ = false;         ///< guarded by mutex_: statistics() of the device are current
    DeviceStatistics ended_;       ///< guarded by mutex_: of the lives before
    DeviceLatency last_latency_;   ///< guarded by mutex_
    Losses losses_;                ///< guarded by mutex_
    std::thread thread_;
};

}  // namespace outboard::audio
