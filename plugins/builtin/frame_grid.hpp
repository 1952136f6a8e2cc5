// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Cuts a stream into cells of equal length, counted from the reset and not from the block's
/// start. What is done once a cell (new coefficients, say) is then done at the same frames however
/// the host cuts the stream into blocks.

#include <algorithm>
#include <cstdint>

namespace outboard::builtin {

template <std::uint32_t CellFrames>
class FrameGrid {
public:
    static constexpr std::uint32_t cell_frames = CellFrames;

    /// Frames since the reset.
    [[nodiscard]] std::uint64_t frame() const noexcept { return frame_; }

    /// Frames since the present cell began.
    [[nodiscard]] std::uint32_t offset() const noexcept
    {
        return static_cast<std::uint32_t>(frame_ % CellFrames);
    }

    /// How many of `wanted` frames lie in the present cell. [rt]
    [[nodiscard]] std::uint32_t frames_within_cell(std::uint32_t wanted) const noexcept
    {
        return std::min(wanted, CellFrames - offset());
    }

    void advance(std::uint32_t frame_count) noexcept { frame_ += frame_count; }
    void reset() noexcept { frame_ = 0; }

private:
    std::uint64_t frame_ = 0;
};

}  // namespace outboard::builtin
