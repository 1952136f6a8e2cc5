// SPDX-License-Identifier: MIT

#include "sdk/src/host/history.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace outboard::host {

rt::Result<History> History::create(std::uint32_t channel_count, std::uint64_t frame_count) noexcept
{
    const std::uint64_t capacity_frames = std::bit_ceil(frame_count);
    auto memory = rt::os::map_private(channel_count * capacity_frames * sizeof(float));
    if (!memory)
        return tl::unexpected(memory.error());
    return History{std::move(*memory), channel_count, capacity_frames};
}

History::History(rt::os::Mapping memory, std::uint32_t channel_count,
                 std::uint64_t capacity_frames) noexcept
    : memory_(std::move(memory)),
      channel_count_(channel_count),
      mask_(capacity_frames - 1)
{
    is_locked_ = memory_.lock();
}

float* History::channel_frames(std::uint32_t channel) const noexcept
{
    return reinterpret_cast<float*>(memory_.data()) + channel * capacity_frames();
}

void History::append(const float* const* inputs, std::uint32_t frame_count) noexcept OB_NONBLOCKING
{
    const std::uint64_t first = static_cast<std::uint64_t>(end_frame_) & mask_;
    const std::uint64_t until_wrap =
        std::min<std::uint64_t>(frame_count, capacity_frames() - first);
    for (std::uint32_t channel = 0; channel < channel_count_; ++channel) {
        float* const frames = channel_frames(channel);
        std::memcpy(frames + first, inputs[channel], until_wrap * sizeof(float));
        std::memcpy(frames, inputs[channel] + until_wrap,
                    (frame_count - until_wrap) * sizeof(float));
    }
    end_frame_ += frame_count;
}

void History::copy(std::uint32_t channel, std::int64_t first_frame, std::uint32_t frame_count,
                   float* out) const noexcept OB_NONBLOCKING
{
    OB_ASSERT(channel < channel_count_);
    OB_ASSERT(first_frame + frame_count <= end_frame_);
    const auto before_start = static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(-first_frame, 0, static_cast<std::int64_t>(frame_count)));
    std::fill_n(out, before_start, 0.0f);
    out += before_start;

    const std::uint64_t first = static_cast<std::uint64_t>(first_frame + before_start) & mask_;
    const std::uint64_t count = frame_count - before_start;
    const std::uint64_t until_wrap = std::min(count, capacity_frames() - first);
    const float* const frames = channel_frames(channel);
    std::memcpy(out, frames + first, until_wrap * sizeof(float));
    std::memcpy(out + until_wrap, frames, (count - until_wrap) * sizeof(float));
}

}  // namespace outboard::host
