// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Which frames of the stream belong into a file:
///
///     output     |<- latency ->|<------- input's length ------->|<- tail ->|
///     wet file                 |<----------------------------------------->|   aligned
///     wet file   |<------------------------------------------------------->|   --no-align
///     input      |<------- input's length ------->|<------- silence ------>|
///     dry file   |<----------------------------------------->|                 aligned

#include <algorithm>
#include <cstdint>

namespace outboard::cli {

class OutputWindow {
public:
    struct Part {
        std::uint32_t offset_frames = 0;  ///< within the block
        std::uint32_t frame_count = 0;
    };

    /// @param skip_frames  at the start of the stream, that do not belong into the file
    /// @param end_frame    of the stream; the one behind the last
    OutputWindow(std::uint64_t skip_frames, std::uint64_t end_frame) noexcept
        : skip_frames_(skip_frames),
          end_frame_(end_frame)
    {}

    [[nodiscard]] std::uint64_t skip_frames() const noexcept { return skip_frames_; }
    [[nodiscard]] std::uint64_t end_frame() const noexcept { return end_frame_; }

    /// The part of a block which starts at `position` that belongs into the file.
    /// @rt wait-free
    [[nodiscard]] Part part_of(std::uint64_t position, std::uint32_t block_frames) const noexcept
    {
        const std::uint64_t begin = std::max(position, skip_frames_);
        const std::uint64_t end = std::min(position + block_frames, end_frame_);
        if (begin >= end)
            return {};
        return {static_cast<std::uint32_t>(begin - position),
                static_cast<std::uint32_t>(end - begin)};
    }

private:
    std::uint64_t skip_frames_;
    std::uint64_t end_frame_;
};

}  // namespace outboard::cli
