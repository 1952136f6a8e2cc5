// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The devices of a run. The audio thread is theirs: it is not pinned, its rights may be given by a
/// server, and it may be another one after a loss. So it is asked what it is, by one silent block,
/// before services are started.

#include "sdk/cli/audio_thread.hpp"
#include "sdk/cli/device_plan.hpp"
#include "sdk/cli/playlist.hpp"

#include "audio/device_catalog.hpp"
#include "audio/reopening_device.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace outboard::cli {

/// What is known about the devices when the stream has ended.
struct DeviceAccount {
    std::string input;   ///< address; empty: none
    std::string output;  ///< address; empty: none
    audio::DeviceLatency latency;
    std::uint64_t loss_count = 0;
    bool is_away = false;
    std::string problem;  ///< why it did not come back
};

/// The rate and the channels that the command line leaves open are the device's, at most two.
/// @throws Failure (device)
[[nodiscard]] StreamFormat complete_format(const DevicePlan& plan, StreamFormat wanted);

class LiveDevice {
public:
    /// Opens the devices, and lets them run for a block.
    /// @param priority  for an audio thread that its server has not made real-time; 0: leave it
    /// @throws Failure (device)
    LiveDevice(const DevicePlan& plan, const StreamFormat& format, std::uint32_t block_frames,
               std::int32_t priority);

    /// Open. @thread control
    [[nodiscard]] audio::Device& device() noexcept { return *device_; }

    /// The audio thread as it was found.
    [[nodiscard]] const AudioThreadProbe& thread() const noexcept { return thread_; }

    [[nodiscard]] bool is_away() const { return device_->losses().is_away; }
    [[nodiscard]] DeviceAccount account() const;

private:
    void take_thread() noexcept;

    DevicePlan plan_;
    std::int32_t priority_;
    bool server_gives_rights_;
    AudioThreadProbe thread_;
    ob_status thread_status_ = OB_OK;
    std::unique_ptr<audio::ReopeningDevice> device_;
};

}  // namespace outboard::cli
