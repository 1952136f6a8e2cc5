// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// How an insert's stream is cut into units for its processor, and what latency that costs.

#include "sdk/src/link/layout.hpp"

#include <outboard/host.h>

#include <algorithm>
#include <bit>
#include <cstdint>

namespace outboard::host {

struct InsertFormat {
    double sample_rate_hz;
    std::uint32_t max_frame_count;
    std::uint32_t input_channel_count;
    std::uint32_t output_channel_count;
    std::uint32_t unit_frame_count;        ///< 0: each block of the host is a unit as it is
    std::uint32_t adaptor_latency_frames;  ///< from cutting and pipelining
    std::uint32_t processor_latency_frames;

    [[nodiscard]] std::uint32_t latency_frames() const noexcept
    {
        return adaptor_latency_frames + processor_latency_frames;
    }
    /// Longest unit that can occur.
    [[nodiscard]] std::uint32_t unit_frame_count_max() const noexcept
    {
        return unit_frame_count != 0 ? unit_frame_count : max_frame_count;
    }
};

/// Cuts the stream: sync mode passes blocks as they are, unless the processor demands a fixed
/// length, which costs exactly that length. Pipelined mode works in the host's largest block (or
/// the fixed length) and adds `latency_blocks` of the host's.
[[nodiscard]] inline InsertFormat make_format(const ob_insert_config& config,
                                              std::uint32_t fixed_frame_count) noexcept
{
    InsertFormat format{.sample_rate_hz = config.sample_rate_hz,
                        .max_frame_count = config.max_frame_count,
                        .input_channel_count = config.input_channel_count,
                        .output_channel_count = config.output_channel_count,
                        .unit_frame_count = fixed_frame_count,
                        .adaptor_latency_frames = fixed_frame_count,
                        .processor_latency_frames = 0};
    if (config.mode == OB_MODE_PIPELINED) {
        if (fixed_frame_count == 0)
            format.unit_frame_count = config.max_frame_count;
        format.adaptor_latency_frames += config.latency_blocks * config.max_frame_count;
    }
    return format;
}

inline constexpr std::uint32_t slot_count_min = 16;

/// For a warm standby: what it replays is posted at once, unless its rings would grow large.
[[nodiscard]] inline std::uint32_t replay_slot_count(const InsertFormat& format,
                                                     std::uint32_t event_bytes) noexcept
{
    constexpr std::uint64_t ring_bytes_max = 1 << 20;
    constexpr std::uint64_t slot_count_max = 64;
    const std::uint64_t channel_count =
        std::max(format.input_channel_count, format.output_channel_count);
    const std::uint64_t slot_bytes =
        event_bytes + channel_count * format.unit_frame_count_max() * sizeof(float);
    return static_cast<std::uint32_t>(std::bit_floor(
        std::clamp<std::uint64_t>(ring_bytes_max / slot_bytes, slot_count_min, slot_count_max)));
}

/// Enough slots for all units under way at once, and as many again for a service that is late.
/// @param slot_count  at the least
[[nodiscard]] inline link::LinkShape make_shape(const InsertFormat& format,
                                                std::uint32_t event_bytes,
                                                std::uint32_t slot_count = slot_count_min) noexcept
{
    const std::uint32_t unit = format.unit_frame_count_max();
    const std::uint32_t frames_under_way = format.adaptor_latency_frames + format.max_frame_count;
    const std::uint32_t units_under_way = (frames_under_way + unit - 1) / unit + 1;
    return {.lane_count = 1,
            .input_channel_count = format.input_channel_count,
            .output_channel_count = format.output_channel_count,
            .frame_capacity = unit,
            .slot_count = std::bit_ceil(std::max(2 * units_under_way, slot_count)),
            .event_bytes = event_bytes};
}

}  // namespace outboard::host
