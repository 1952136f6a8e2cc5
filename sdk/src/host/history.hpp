// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The host's private copy of an insert's last input frames. Blocks are posted from it, the dry
/// fallback reads it at a delay, and a crashing service cannot have changed it.

#include "rt/control/result.hpp"
#include "rt/os/memory.hpp"
#include "rt/path/contract.hpp"

#include <cstdint>

namespace outboard::host {

class History {
public:
    /// @param frame_count  how many frames it must reach back; rounded up to a power of two
    /// @rt no: maps and, where RLIMIT_MEMLOCK allows, locks memory
    [[nodiscard]] static rt::Result<History> create(std::uint32_t channel_count,
                                                    std::uint64_t frame_count) noexcept;

    /// Appends frames of all channels behind end_frame().
    /// @thread caller
    /// @rt     wait-free, O(frames)
    void append(const float* const* inputs, std::uint32_t frame_count) noexcept OB_NONBLOCKING;

    /// Copies frames of one channel, from `first_frame` of the stream on, to `out`. Frames before
    /// the start of the stream are silence.
    /// @pre    first_frame + frame_count <= end_frame(), and not further back than capacity
    /// @thread caller
    /// @rt     wait-free, O(frames)
    void copy(std::uint32_t channel, std::int64_t first_frame, std::uint32_t frame_count,
              float* out) const noexcept OB_NONBLOCKING;

    /// Whether frames from `first_frame` on are still there.
    [[nodiscard]] bool reaches(std::int64_t first_frame) const noexcept
    {
        return end_frame_ - first_frame <= static_cast<std::int64_t>(capacity_frames());
    }
    /// The same when `more` frames have been appended.
    [[nodiscard]] bool will_reach(std::int64_t first_frame, std::uint32_t more) const noexcept
    {
        return end_frame_ + more - first_frame <= static_cast<std::int64_t>(capacity_frames());
    }
    [[nodiscard]] std::int64_t end_frame() const noexcept { return end_frame_; }
    [[nodiscard]] std::uint64_t capacity_frames() const noexcept { return mask_ + 1; }
    [[nodiscard]] bool is_locked() const noexcept { return is_locked_; }

private:
    History(rt::os::Mapping memory, std::uint32_t channel_count,
            std::uint64_t capacity_frames) noexcept;

    [[nodiscard]] float* channel_frames(std::uint32_t channel) const noexcept;

    rt::os::Mapping memory_;
    std::uint32_t channel_count_;
    std::uint64_t mask_;
    std::int64_t end_frame_ = 0;
    bool is_locked_ = false;
};

}  // namespace outboard::host
