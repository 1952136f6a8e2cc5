// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// PortAudio between Pa_Initialize() and Pa_Terminate(), and what it knows then. It looks for host
/// APIs, servers and devices when the first session begins, and not again before all have ended.

#include "audio/device_catalog.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace outboard::audio {

class PortAudioSession {
public:
    /// @param client_name  what JACK shows; the first session's counts
    /// @thread control
    [[nodiscard]] static Result<PortAudioSession> begin(const std::string& client_name);

    ~PortAudioSession();
    PortAudioSession(PortAudioSession&& other) noexcept : is_open_(other.is_open_)
    {
        other.is_open_ = false;
    }
    PortAudioSession(const PortAudioSession&) = delete;
    PortAudioSession& operator=(const PortAudioSession&) = delete;
    PortAudioSession& operator=(PortAudioSession&&) = delete;

    struct Api {
        int index = -1;
        std::string name;  ///< "ALSA", "JACK", ...
        bool is_jack = false;
    };

    /// @return not_found, with the names there are; no_server
    [[nodiscard]] Result<Api> find_api(const DeviceAddress& wanted) const;

    /// A device with channels in that direction.
    [[nodiscard]] Result<int> find_device(const Api& api, const DeviceAddress& wanted,
                                          bool is_input) const;

    /// Of the usual rates those that both devices, or the one that is not -1, offer together.
    [[nodiscard]] std::vector<std::uint32_t> offered_rates_hz(
        int input, std::uint32_t input_channel_count, int output,
        std::uint32_t output_channel_count) const;

    [[nodiscard]] DeviceCatalog catalog() const;

private:
    PortAudioSession() = default;

    [[nodiscard]] std::vector<Api> apis() const;

    bool is_open_ = true;
};

}  // namespace outboard::audio
