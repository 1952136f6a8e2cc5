// SPDX-License-Identifier: MIT

#include "sdk/src/service/dry_path.hpp"

#include <algorithm>
#include <cstring>

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

void DryPath::save_past(std::span<std::byte> out) const noexcept OB_NONBLOCKING
{
    OB_ASSERT(out.size() == past_bytes());
    const std::size_t start = (end_ + line_frames_ - latency_frames_) % line_frames_;
    const std::size_t until_wrap = std::min(latency_frames_, line_frames_ - start);
    std::byte* to = out.data();
    const auto append = [&to](const float* from, std::size_t frames) noexcept {
        if (frames != 0)
            std::memcpy(to, from, frames * sizeof(float));
        to += frames * sizeof(float);
    };
    for (std::uint32_t channel = 0; channel < channel_count_; ++channel) {
        append(line(channel) + start, until_wrap);
        append(line(channel), latency_frames_ - until_wrap);
    }
}

void DryPath::restore_past(std::span<const std::byte> past) noexcept OB_NONBLOCKING
{
    OB_ASSERT(past.size() == past_bytes());
    const std::size_t channel_bytes = latency_frames_ * sizeof(float);
    for (std::uint32_t channel = 0; channel_bytes != 0 && channel < channel_count_; ++channel)
        std::memcpy(line(channel), past.data() + channel * channel_bytes, channel_bytes);
    end_ = latency_frames_ % line_frames_;
}

}  // namespace outboard::service
