// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// All devices of all back ends that were built in: listing them, and making one from its address.

#include "audio/device.hpp"
#include "audio/device_address.hpp"
#include "audio/result.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace outboard::audio {

struct DeviceInfo {
    DeviceAddress address;
    std::uint32_t input_channel_count_max = 0;
    std::uint32_t output_channel_count_max = 0;
    std::uint32_t default_rate_hz = 0;
    std::vector<std::uint32_t> rates_hz;  ///< of the usual ones, those that are offered
    bool is_default_input = false;        ///< of its API
    bool is_default_output = false;
};

/// A host API of a back end, and what keeps it from offering devices.
struct HostApi {
    std::string backend;
    std::string name;
    std::string problem;  ///< empty: none; else in a user's words, with the remedy
};

struct DeviceCatalog {
    std::vector<HostApi> apis;
    std::vector<DeviceInfo> devices;
};

/// Rates that devices are asked about.
[[nodiscard]] const std::vector<std::uint32_t>& usual_rates_hz();

/// @thread control
/// @rt     no: asks drivers and servers, which can take a second
[[nodiscard]] DeviceCatalog list_devices();

/// The device that `address` leads to, as it is listed.
/// @thread control
/// @rt     no: as list_devices()
[[nodiscard]] Result<DeviceInfo> find_device(const DeviceAddress& address, bool is_input);

struct DeviceOptions {
    std::string client_name = "outboard";  ///< what audio servers show
    bool is_free_paced = false;            ///< null only: as fast as it goes
};

/// The device is not opened yet: whether it exists shows in open().
/// @return unsupported when the back end was not built in
[[nodiscard]] Result<std::unique_ptr<Device>> make_device(const DeviceAddress& address,
                                                          const DeviceOptions& options);

/// Makes a device that takes its input and its output from two devices of one host API.
/// @pre the back end and API of both addresses are the same
[[nodiscard]] Result<std::unique_ptr<Device>> make_device(const DeviceAddress& input,
                                                          const DeviceAddress& output,
                                                          const DeviceOptions& options);

}  // namespace outboard::audio
