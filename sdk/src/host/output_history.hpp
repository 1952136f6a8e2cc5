// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The last 512 frames that an insert put out: what a lost source is continued from.

#include "rt/path/contract.hpp"
#include "rt/path/prefetch.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace outboard::host {

class OutputHistory {
public:
    static constexpr std::uint32_t capacity_frames = 512;

    /// @rt no: allocates
    explicit OutputHistory(std::uint32_t channel_count)
        : samples_(std::size_t{channel_count} * capacity_frames)
    {}

    /// Writes one channel's next frames; the place moves on only by advance(), once for all of
    /// them.
    /// @rt     wait-free, O(frames)
    void write(std::uint32_t channel, const float* frames, std::uint32_t frame_count) noexcept
        OB_NONBLOCKING
    {
        const std::uint32_t kept = std::min(frame_count, capacity_frames);
        const std::uint32_t first = (end_ + frame_count - kept) % capacity_frames;
        const std::uint32_t before_wrap = std::min(kept, capacity_frames - first);
        const float* const source = frames + (frame_count - kept);
        float* const ring = samples_.data() + std::size_t{channel} * capacity_frames;
        std::copy_n(source, before_wrap, ring + first);
        std::copy_n(source + before_wrap, kept - before_wrap, ring);
    }

    void advance(std::uint32_t frame_count) noexcept OB_NONBLOCKING
    {
        end_ = (end_ + frame_count) % capacity_frames;
        frame_count_ =
            std::min(capacity_frames, frame_count_ + std::min(frame_count, capacity_frames));
    }

    /// While there is time: fetches the lines that the next `frame_count` frames will be written
    /// to.
    void prefetch(std::uint32_t frame_count) const noexcept OB_NONBLOCKING
    {
        const std::size_t size_bytes =
            std::min<std::size_t>(std::min(frame_count, capacity_frames - end_) * sizeof(float),
                                  rt::prefetch_bytes_max / 4);
        const std::size_t channel_count =
            std::min<std::size_t>(samples_.size() / capacity_frames, 2);
        for (std::size_t channel = 0; channel < channel_count; ++channel)
            rt::prefetch_for_write(&samples_[channel * capacity_frames + end_], size_bytes);
    }

    /// Frames there are: less than the capacity at the start of a stream.
    [[nodiscard]] std::uint32_t frame_count() const noexcept { return frame_count_; }

    /// Copies the frames there are, oldest first.
    /// @return the part of `out` that was written
    /// @rt     wait-free, O(1)
    [[nodiscard]] std::span<const float> copy(std::uint32_t channel,
                                              std::span<float, capacity_frames> out) const noexcept
        OB_NONBLOCKING
    {
        const float* const ring = samples_.data() + std::size_t{channel} * capacity_frames;
        const std::uint32_t first = (end_ + capacity_frames - frame_count_) % capacity_frames;
        const std::uint32_t before_wrap = std::min(frame_count_, capacity_frames - first);
        std::copy_n(ring + first, before_wrap, out.begin());
        std::copy_n(ring, frame_count_ - before_wrap, out.begin() + before_wrap);
        return out.first(frame_count_);
    }

private:
    std::vector<float> samples_;  ///< a ring per channel, one after the other
    std::uint32_t end_ = 0;       ///< index behind the newest frame, in each ring
    std::uint32_t frame_count_ = 0;
};

}  // namespace outboard::host
