// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Memory for planar audio, with the tables of channel pointers that our functions take.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace outboard::audio {

class PlanarBuffer {
public:
    /// Silence of the given size. @rt no: allocates
    PlanarBuffer(std::uint32_t channel_count, std::size_t frame_count)
        : samples_(channel_count * frame_count),
          frame_count_(frame_count)
    {
        for (std::size_t channel = 0; channel < channel_count; ++channel)
            writable_.push_back(samples_.data() + channel * frame_count);
        readable_.assign(writable_.begin(), writable_.end());
    }

    // A moved vector keeps its memory, so the pointers stay right; in a copy they would not.
    PlanarBuffer(PlanarBuffer&&) noexcept = default;
    PlanarBuffer& operator=(PlanarBuffer&&) noexcept = default;
    PlanarBuffer(const PlanarBuffer&) = delete;
    PlanarBuffer& operator=(const PlanarBuffer&) = delete;
    ~PlanarBuffer() = default;

    [[nodiscard]] std::size_t frame_count() const noexcept { return frame_count_; }
    [[nodiscard]] std::span<float* const> writable() noexcept { return writable_; }
    [[nodiscard]] std::span<const float* const> readable() const noexcept { return readable_; }
    [[nodiscard]] std::span<float> channel(std::size_t index) noexcept
    {
        return {writable_[index], frame_count_};
    }
    [[nodiscard]] std::span<const float> channel(std::size_t index) const noexcept
    {
        return {readable_[index], frame_count_};
    }

private:
    std::vector<float> samples_;
    std::size_t frame_count_;
    std::vector<float*> writable_;
    std::vector<const float*> readable_;
};

}  // namespace outboard::audio
