// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What no device can have, whatever its back end.

#include "audio/device.hpp"

namespace outboard::audio {

inline constexpr std::uint32_t frames_per_block_max = 65'536;
inline constexpr std::uint32_t device_channel_count_max = 1'024;
inline constexpr std::uint32_t sample_rate_hz_max = 1'536'000;

/// @return invalid_argument, with the range
[[nodiscard]] Result<void> check_settings(const DeviceSettings& settings);

}  // namespace outboard::audio
