// SPDX-License-Identifier: MIT

#include "sdk/src/service/dry_path.hpp"

#include <algorithm>

namespace outboard::service {

DryPath::DryPath(const ob_prepare_info& format, std::uint32_t latency_frames)
    : channel_count_(format.input_channel_count),
      line_frames_(std::size_t{latency_frames} + format.max_frame_count),
      latency_frames_(latency_frames),
      lines_(channel_count_ * line_frames_)
{}

void DryPath::feed(const float* const* inputs, std::uint32_t frame_count) noexcept OB_NONBLOCKING
{
    OB_ASSERT(frame_count + latency_frames_ <= line_frames_);
    const std::size_t until_wrap = std::min<std::size_t>(frame_count, line_frames_ - end_);
    for (std::uint32_t channel = 0; channel < channel_count_; ++channel) {
        const float* const input = inputs[channel];
        std::copy_n(input, until_wrap, line(channel) + end_);
        std::copy(input + until_wrap, input + frame_count, line(channel));
    }
    end_ = (end_ + frame_count) % line_frames_;
}

void DryPath::read(std::uint32_t channel, std::span<float> out) const noexcept OB_NONBLOCKING
{
    const std::uint32_t source = std::min(channel, channel_count_ - 1);
    const std::size_t back = latency_frames_ + out.size();
    const std::size_t start = (end_ + line_frames_ - back) % line_frames_;
    const std::size_t until_wrap = std::min(out.size(), line_frames_ - start);
    std::copy_n(line(source) + start, until_wrap, out.data());
    std::copy_n(line(source), out.size() - until_wrap, out.data() + until_wrap);
}

}  // namespace outboard::service
