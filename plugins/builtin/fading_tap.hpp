// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Where a delay line is read, movable without a click: for a while the old and the new place are
/// both read and faded into each other. (Gliding would be heard as a change of pitch.) A move
/// during a fade waits for its end; of several, the last counts.

#include "plugins/builtin/delay_line.hpp"

#include <cstdint>

namespace outboard::builtin {

class FadingTap {
public:
    /// Reads at `delay_frames` from now on; `fade_frames` 0 jumps. [rt]
    void move_to(std::uint32_t delay_frames, std::uint32_t fade_frames) noexcept
    {
        wanted_frames_ = delay_frames;
        fade_frames_ = fade_frames;
        if (fade_frames == 0) {
            now_frames_ = delay_frames;
            fade_left_frames_ = 0;
            weight_ = 0.0F;
        } else if (fade_left_frames_ == 0) {
            begin_fade();
        }
    }

    /// What `line` held that long before `frame`. [rt]
    [[nodiscard]] float read(const DelayLine& line, std::uint64_t frame) const noexcept
    {
        const float now = line.read(frame, now_frames_);
        if (fade_left_frames_ == 0)
            return now;
        return now + weight_ * (line.read(frame, next_frames_) - now);
    }

    /// To be called once after each frame. [rt]
    void advance() noexcept
    {
        if (fade_left_frames_ == 0)
            return;
        --fade_left_frames_;
        if (fade_left_frames_ == 0) {
            now_frames_ = next_frames_;
            begin_fade();
            return;
        }
        const float done =
            1.0F - static_cast<float>(fade_left_frames_) / static_cast<float>(fade_frames_);
        weight_ = done * done * (3.0F - 2.0F * done);
    }

private:
    void begin_fade() noexcept
    {
        weight_ = 0.0F;
        if (wanted_frames_ == now_frames_)
            return;
        next_frames_ = wanted_frames_;
        fade_left_frames_ = fade_frames_;
    }

    std::uint32_t now_frames_ = 1;
    std::uint32_t next_frames_ = 1;
    std::uint32_t wanted_frames_ = 1;
    std::uint32_t fade_frames_ = 0;
    std::uint32_t fade_left_frames_ = 0;
    float weight_ = 0.0F;  ///< of the next place
};

}  // namespace outboard::builtin
