// SPDX-License-Identifier: MIT
#include "sdk/cli/peak_trace.hpp"

#include <algorithm>

namespace outboard::cli {

PeakTrace::PeakTrace(std::uint64_t frame_count)
    : frames_per_slice_((frame_count + slice_count_max - 1) / slice_count_max),
      slices_((frame_count + frames_per_slice_ - 1) / frames_per_slice_)
{}

void PeakTrace::add(std::span<const float* const> channels, std::size_t frame_count) noexcept
{
    std::size_t frame = 0;
    while (frame < frame_count && slice_index_ < slices_.size()) {
        const auto count = static_cast<std::size_t>(
            std::min<std::uint64_t>(frame_count - frame, frames_per_slice_ - frames_in_slice_));
        Peak& slice = slices_[slice_index_];
        for (const float* const channel : channels) {
            const auto [low, high] = std::minmax_element(channel + frame, channel + frame + count);
            slice.low = std::min(slice.low, *low);
            slice.high = std::max(slice.high, *high);
        }
        frame += count;
        frames_in_slice_ += count;
        if (frames_in_slice_ == frames_per_slice_) {
            frames_in_slice_ = 0;
            ++slice_index_;
        }
    }
}

}  // namespace outboard::cli
