// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The past of one signal. The line has no position of its own: it is addressed by the frame
/// number of the stream, which lines of many channels share. Every index is masked, so no number
/// that was restored from a broken checkpoint can reach outside.

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace outboard::builtin {

class DelayLine {
public:
    /// Makes room for delays up to `delay_frames_max`. [!rt]
    void allocate(std::uint32_t delay_frames_max)
    {
        samples_.assign(std::bit_ceil(std::size_t{delay_frames_max} + 1), 0.0F);
    }

    void clear() noexcept { std::fill(samples_.begin(), samples_.end(), 0.0F); }

    /// [rt]
    void write(std::uint64_t frame, float sample) noexcept
    {
        samples_[static_cast<std::size_t>(frame) & (samples_.size() - 1)] = sample;
    }

    /// The sample that was written `delay_frames` before `frame`. [rt]
    [[nodiscard]] float read(std::uint64_t frame, std::uint64_t delay_frames) const noexcept
    {
        return samples_[static_cast<std::size_t>(frame - delay_frames) & (samples_.size() - 1)];
    }

    /// Its memory, for the checkpoint.
    [[nodiscard]] std::span<float> samples() noexcept { return samples_; }

private:
    std::vector<float> samples_;
};

}  // namespace outboard::builtin
