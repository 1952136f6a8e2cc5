// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What both back ends say when a device cannot be had, so that it is the same words. Private to
/// the back ends.

#include "audio/device_catalog.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace outboard::audio {

enum class Direction : std::uint8_t { input, output };

/// "JACK" has no server: how it is started.
[[nodiscard]] std::string server_remedy(std::string_view api);

/// The API is built in, but its server does not run, or it has no device.
[[nodiscard]] Error no_server_error(std::string_view api);

/// @param known  the APIs there are
[[nodiscard]] Error unknown_api_error(const DeviceAddress& wanted,
                                      std::span<const std::string> known);

/// @param known  the devices of that API
[[nodiscard]] Error unknown_device_error(const DeviceAddress& wanted,
                                         std::span<const std::string> known);

[[nodiscard]] Error channel_count_error(const DeviceAddress& device, Direction direction,
                                        std::uint32_t wanted, std::uint32_t offered);

[[nodiscard]] Error rate_error(const DeviceAddress& device, std::uint32_t wanted_hz,
                               std::span<const std::uint32_t> offered_hz);

[[nodiscard]] Error busy_error(const DeviceAddress& device);

/// The place of the one name that is `wanted`, or else contains it; case does not count.
/// @return names.size(): none, or more than one
[[nodiscard]] std::size_t find_name(std::span<const std::string> names, std::string_view wanted);

}  // namespace outboard::audio
