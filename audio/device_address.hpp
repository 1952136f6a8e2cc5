// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// How a device is named: BACKEND[:API[:NAME]].
///
/// | address                      | device                                                    |
/// |------------------------------|-----------------------------------------------------------|
/// | null                         | a clock without a card                                    |
/// | portaudio                    | the default device of PortAudio's default host API        |
/// | portaudio:JACK               | the default device of that API                            |
/// | portaudio:ALSA:hw:1,0        | by name: all behind the second colon, colons included     |
/// | rtaudio:Pulse                |                                                           |

#include "audio/result.hpp"

#include <string>
#include <string_view>

namespace outboard::audio {

struct DeviceAddress {
    std::string backend;  ///< null, portaudio, rtaudio
    std::string api;      ///< empty: the back end's default. Case does not count
    std::string name;     ///< empty: the API's default; else exact, or a part that fits only one

    bool operator==(const DeviceAddress&) const = default;
};

/// @return invalid_argument for a back end that does not exist, or names behind `null`
[[nodiscard]] Result<DeviceAddress> parse_device_address(std::string_view text);

[[nodiscard]] std::string to_string(const DeviceAddress& address);

/// Whether two names are the same but for the case of ASCII letters.
[[nodiscard]] bool equal_ignoring_case(std::string_view left, std::string_view right) noexcept;

}  // namespace outboard::audio
