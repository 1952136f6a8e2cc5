// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Where the sound of a run comes from and where it goes, files or devices:
///
/// | options                        | input          | output                          |
/// |--------------------------------|----------------|---------------------------------|
/// | --device D                     | D              | D                               |
/// | --device D --in voice.wav      | the file       | D                               |
/// | --device D --out take.wav      | D              | the file                        |
/// | --in device:D --out device:E   | D              | E                               |
/// | --in voice.wav --out wet.wav   | the file       | the file; no device: null clock |

#include "audio/device_address.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace outboard::cli {

struct DevicePlan {
    std::optional<audio::DeviceAddress> input;   ///< nothing: files
    std::optional<audio::DeviceAddress> output;  ///< nothing: a file, or dropped
    std::uint64_t duration_ns = 0;               ///< of input from a device; 0: until interrupted

    [[nodiscard]] bool has_device() const noexcept { return input || output; }
};

/// Takes the devices out of `inputs` and `output`, which keep the files.
/// @param device  of --device; empty: not given
/// @throws Failure (usage)
[[nodiscard]] DevicePlan plan_devices(const std::string& device, std::vector<std::string>& inputs,
                                      std::string& output);

}  // namespace outboard::cli
