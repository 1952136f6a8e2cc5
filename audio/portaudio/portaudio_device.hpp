// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Devices by PortAudio: ALSA, JACK, OSS.
///
/// JACK's own period stays in charge there: frames_per_block is the most that process() is given.

#include "audio/block_delivery.hpp"
#include "audio/device_catalog.hpp"
#include "audio/portaudio/portaudio_session.hpp"

#include <array>
#include <atomic>
#include <optional>
#include <string>

namespace outboard::audio {

class PortAudioDevice final : public Device {
public:
    /// @param input, output  of one host API; one of them is not looked at where the settings ask
    ///                       for no channels in that direction
    PortAudioDevice(DeviceAddress input, DeviceAddress output, std::string client_name);
    ~PortAudioDevice() override;
    PortAudioDevice(const PortAudioDevice&) = delete;
    PortAudioDevice(PortAudioDevice&&) = delete;
    PortAudioDevice& operator=(const PortAudioDevice&) = delete;
    PortAudioDevice& operator=(PortAudioDevice&&) = delete;

    [[nodiscard]] std::string_view backend_name() const noexcept override { return "portaudio"; }
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

    /// JACK: exact from the first block on, as its clients may change it at any time.
    [[nodiscard]] DeviceLatency latency() const noexcept override;

private:
    struct Streaming;  ///< the callback that PortAudio calls; knows its types

    enum class State : std::uint8_t { closed, open, running };

    [[nodiscard]] Result<void> open_stream(const DeviceSettings& wanted);
    /// For input and output, in this order; -1 where there is to be none.
    [[nodiscard]] Result<std::array<int, 2>> find_devices(const DeviceSettings& wanted) const;
    [[nodiscard]] tl::unexpected<Error> open_error(int error, int input, int output,
                                                   const DeviceSettings& wanted) const;
    [[nodiscard]] Result<void> check_channels(int device, bool is_input,
                                              std::uint32_t wanted) const;
    void look_for_loss() noexcept;
    void note_latency(double since_captured, double until_heard) noexcept;

    const DeviceAddress input_;
    const DeviceAddress output_;
    const std::string client_name_;
    State state_ = State::closed;  ///< control thread only
    DeviceSettings settings_;
    std::optional<PortAudioSession> session_;
    PortAudioSession::Api api_;
    void* stream_ = nullptr;
    BlockDelivery delivery_;

    // Written by the audio thread, read by any: relaxed, each stands for itself.
    std::atomic<std::uint32_t> input_latency_frames_{0};
    std::atomic<std::uint32_t> output_latency_frames_{0};
};

/// @thread control
[[nodiscard]] DeviceCatalog list_portaudio_devices();

}  // namespace outboard::audio
