// SPDX-License-Identifier: MIT
#include "audio/device_settings.hpp"

#include <string>

namespace outboard::audio {

namespace {

Result<void> check_range(const char* what, std::uint32_t value, std::uint32_t low,
                         std::uint32_t high)
{
    if (value >= low && value <= high)
        return {};
    return fail(ErrorCode::invalid_argument, std::string{what} + " of " + std::to_string(value) +
                                                 " is out of range: use " + std::to_string(low) +
                                                 " to " + std::to_string(high) + ".");
}

}  // namespace

Result<void> check_settings(const DeviceSettings& settings)
{
    if (settings.input_channel_count == 0 && settings.output_channel_count == 0) {
        return fail(ErrorCode::invalid_argument,
                    "A device needs at least one input or output channel.");
    }
    return check_range("A sample rate", settings.sample_rate_hz, 1, sample_rate_hz_max)
        .and_then([&] {
            return check_range("A block size", settings.frames_per_block, 1, frames_per_block_max);
        })
        .and_then([&] {
            return check_range("An input channel count", settings.input_channel_count, 0,
                               device_channel_count_max);
        })
        .and_then([&] {
            return check_range("An output channel count", settings.output_channel_count, 0,
                               device_channel_count_max);
        });
}

}  // namespace outboard::audio
