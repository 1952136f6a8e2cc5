// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// RtAudio's host APIs and devices by name. Private to the back end.

#include "audio/device_catalog.hpp"

#include <RtAudio.h>

#include <functional>
#include <string>
#include <vector>

namespace outboard::audio {

struct RtAudioApi {
    RtAudio::Api id = RtAudio::UNSPECIFIED;
    std::string name;  ///< "JACK", "Pulse", "ALSA"
};

/// What is built into the library.
[[nodiscard]] std::vector<RtAudioApi> rtaudio_apis();

/// An empty name: the first that has devices.
/// @return not_found, with the names there are; no_server
[[nodiscard]] Result<RtAudioApi> find_rtaudio_api(const DeviceAddress& wanted);

/// A device of that API; an empty name: the default with channels in that direction.
[[nodiscard]] Result<unsigned> find_rtaudio_device(RtAudio& rtaudio, const RtAudioApi& api,
                                                   const DeviceAddress& wanted, bool is_input);

/// Runs `work`, and turns what RtAudio throws in there into an error.
/// @param what  which cannot be done, e.g. "The device cannot be started"
[[nodiscard]] Result<void> guard_rtaudio(const std::string& what,
                                         const std::function<Result<void>()>& work);

}  // namespace outboard::audio
