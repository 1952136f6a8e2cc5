// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The input as a bypassed processor gives it out: as late as the processor is.

#include "rt/path/contract.hpp"

#include <outboard/processor.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace outboard::service {

class DryPath {
public:
    DryPath(const ob_prepare_info& format, std::uint32_t latency_frames);

    /// Notes a block of input. Every block, bypassed or not, so that the past is there.
    /// @thread dsp
    /// @rt     wait-free, O(frames)
    void feed(const float* const* inputs, std::uint32_t frame_count) noexcept OB_NONBLOCKING;

    /// What output `channel` is for the block fed last: that input, or the last one where there are
    /// fewer inputs, as in the host's dry fallback.
    /// @pre out.size() is that block's frame count
    /// @rt  wait-free, O(frames)
    void read(std::uint32_t channel, std::span<float> out) const noexcept OB_NONBLOCKING;

    /// The last latency_frames of each channel: what later reads depend on.
    [[nodiscard]] std::size_t past_bytes() const noexcept
    {
        return channel_count_ * latency_frames_ * sizeof(float);
    }
    /// @pre out.size() is past_bytes()
    /// @rt  wait-free, O(bytes)
    void save_past(std::span<std::byte> out) const noexcept OB_NONBLOCKING;
    /// @pre past.size() is past_bytes()
    /// @rt  wait-free, O(bytes)
    void restore_past(std::span<const std::byte> past) noexcept OB_NONBLOCKING;

private:
    [[nodiscard]] float* line(std::uint32_t channel) noexcept
    {
        return lines_.data() + channel * line_frames_;
    }
    [[nodiscard]] const float* line(std::uint32_t channel) const noexcept
    {
        return lines_.data() + channel * line_frames_;
    }

    std::uint32_t channel_count_;
    std::size_t line_frames_;  ///< latency and the longest block
    std::size_t latency_frames_;
    std::size_t end_ = 0;  ///< where the next block goes
    std::vector<float> lines_;
};

}  // namespace outboard::service
