// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A fade between two sources of one signal that may be turned round at any frame: raised cosine
/// and equal gain, because the sources are correlated.

#include "rt/path/contract.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace outboard::service {

/// Starts at the first source.
class Crossfade {
public:
    static constexpr std::uint32_t frame_count = 64;

    void toward_second(bool is_second) noexcept { target_ = is_second ? frame_count : 0; }
    /// Jumps to the first source, where the next fade starts.
    void restart() noexcept { position_ = 0; }
    /// Rests at one source, without a fade.
    void jump(bool is_second) noexcept { position_ = target_ = is_second ? frame_count : 0; }

    [[nodiscard]] bool is_first() const noexcept { return position_ == 0 && target_ == 0; }
    [[nodiscard]] bool is_second() const noexcept
    {
        return position_ == frame_count && target_ == frame_count;
    }

    /// Mixes one channel of a block. The same block of other channels may follow before advance().
    /// @param out  may be the memory of either source
    /// @rt    wait-free, O(frames)
    void mix(const float* first, const float* second, std::span<float> out) const noexcept
        OB_NONBLOCKING;

    /// Goes on by the frames of a block whose channels are all mixed.
    void advance(std::uint32_t frames) noexcept { position_ = position_after(frames); }

private:
    [[nodiscard]] std::uint32_t position_after(std::size_t frames) const noexcept;

    std::uint32_t position_ = 0;  ///< 0: all first, frame_count: all second
    std::uint32_t target_ = 0;
};

}  // namespace outboard::service
