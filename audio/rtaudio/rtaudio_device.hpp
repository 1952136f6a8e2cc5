// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Devices by RtAudio 5.2: JACK, PulseAudio, ALSA. Its exceptions end here.
///
/// RtAudio tells one latency, the sum of both directions; in latency() it is the output's. It reads
/// input after it has called us, so input comes one of the card's blocks late, which it does not
/// count: in latency() it is the input's.

#include "audio/block_delivery.hpp"
#include "audio/device_catalog.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <vector>

class RtAudio;

namespace outboard::audio {

class RtAudioDevice final : public Device {
public:
    /// @param input, output  of one host API; one of them is not looked at where the settings ask
    ///                       for no channels in that direction
    RtAudioDevice(DeviceAddress input, DeviceAddress output, std::string client_name);
    ~RtAudioDevice() override;
    RtAudioDevice(const RtAudioDevice&) = delete;
    RtAudioDevice(RtAudioDevice&&) = delete;
    RtAudioDevice& operator=(const RtAudioDevice&) = delete;
    RtAudioDevice& operator=(RtAudioDevice&&) = delete;

    [[nodiscard]] std::string_view backend_name() const noexcept override { return "rtaudio"; }
    [[nodiscard]] Result<void> open(const DeviceSettings& wanted) override;
    [[nodiscard]] const DeviceSettings& settings() const noexcept override { return settings_; }
    [[nodiscard]] Result<void> start(DeviceCallback& callback) override;
    void stop() noexcept override;
    void close() noexcept override;
    [[nodiscard]] bool wait_until_finished(std::chrono::milliseconds limit) override;
    [[nodiscard]] bool is_lost() const noexcept override { return delivery_.is_lost(); }
    [[nodiscard]] DeviceStatistics statistics() const noexcept override
    {
        return delivery_.statistics();
    }
    [[nodiscard]] DeviceLatency latency() const noexcept override;

private:
    struct Streaming;  ///< the callbacks that RtAudio calls; knows its types

    enum class State : std::uint8_t { closed, open, running };

    [[nodiscard]] Result<void> open_stream(const DeviceSettings& wanted);
    void look_for_loss() noexcept;

    const DeviceAddress input_;
    const DeviceAddress output_;
    const std::string client_name_;
    State state_ = State::closed;  ///< control thread only
    DeviceSettings settings_;
    std::unique_ptr<RtAudio> rtaudio_;
    std::vector<const float*> inputs_;  ///< audio thread only
    std::vector<float*> outputs_;       ///< audio thread only
    BlockDelivery delivery_;
    std::uint32_t card_block_frames_ = 0;
    std::atomic<bool> failed_{false};  ///< set by RtAudio's thread when reading or writing failed
    std::atomic<std::uint32_t> latency_frames_{0};  ///< of both directions, as RtAudio says
};

/// @thread control
[[nodiscard]] DeviceCatalog list_rtaudio_devices();

}  // namespace outboard::audio
