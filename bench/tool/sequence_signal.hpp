// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A sound that proves where each frame has gone: its samples are the number of the frame. What
/// comes back is held against what was sent, delayed by the latency that the library reports.

#include <cstddef>
#include <cstdint>
#include <span>

namespace outboard::bench {

class SequenceSignal {
public:
    /// @param frame_count  of a block; stereo, one channel behind the other
    SequenceSignal(std::uint32_t frame_count, std::uint32_t latency_frames) noexcept
        : frame_count_(frame_count),
          latency_frames_(latency_frames)
    {}

    /// The next block to send.
    void fill(std::span<float> block) const noexcept
    {
        for (std::uint32_t frame = 0; frame < frame_count_; ++frame) {
            block[frame] = sample_of(sent_ + frame);
            block[frame_count_ + frame] = -block[frame];
        }
    }

    /// What came back for the block filled last. @param in_time  the library said so
    /// A block that was late is silence, and the one behind it may be a fade from silence: these
    /// are counted as late, and only checked again once they are over.
    void check(std::span<const float> block, bool in_time) noexcept
    {
        const std::uint64_t first = sent_;
        sent_ += frame_count_;
        if (!in_time) {
            ++late_count_;
            unchecked_frames_ = fade_frames + latency_frames_;
            return;
        }
        for (std::uint32_t frame = 0; frame < frame_count_; ++frame) {
            if (unchecked_frames_ != 0) {
                --unchecked_frames_;
                continue;
            }
            const std::uint64_t place = first + frame;
            const float wanted =
                place < latency_frames_ ? 0.0F : sample_of(place - latency_frames_);
            if (block[frame] != wanted || block[frame_count_ + frame] != -wanted) {
                ++wrong_count_;
                return;
            }
        }
        ++exact_count_;
    }

    [[nodiscard]] std::uint64_t late_count() const noexcept { return late_count_; }
    [[nodiscard]] std::uint64_t wrong_count() const noexcept { return wrong_count_; }
    [[nodiscard]] std::uint64_t exact_count() const noexcept { return exact_count_; }

private:
    static constexpr std::uint32_t fade_frames = 128;  ///< the library's is 64, on either side
    static constexpr std::uint64_t number_count = std::uint64_t{1} << 24U;  ///< exact in a float

    [[nodiscard]] static float sample_of(std::uint64_t frame) noexcept
    {
        return static_cast<float>(frame % number_count + 1) / static_cast<float>(number_count);
    }

    std::uint32_t frame_count_;
    std::uint32_t latency_frames_;
    std::uint64_t sent_ = 0;
    std::uint64_t unchecked_frames_ = 0;
    std::uint64_t late_count_ = 0;
    std::uint64_t wrong_count_ = 0;
    std::uint64_t exact_count_ = 0;
};

}  // namespace outboard::bench
