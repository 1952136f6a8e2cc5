// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Last stage of an insert: plays the wet frames or the fallback and makes each change between them
/// inaudible.
///
///     playing   | change to          | from what the fade starts
///     ----------+--------------------+------------------------------------------------------
///     wet       | fallback           | prediction: the wet signal has no more frames
///     wet       | another wet source | prediction: the other one is not the same
///     fallback  | wet                | the fallback, which goes on
///     a fade    | any                | prediction of what was played
///
/// A stream starts as if wet silence had been playing.

#include "rt/path/contract.hpp"
#include "sdk/src/host/fade.hpp"
#include "sdk/src/host/hold_loop.hpp"
#include "sdk/src/host/linear_prediction.hpp"
#include "sdk/src/host/output_history.hpp"

#include <outboard/host.h>

#include <array>
#include <cstdint>
#include <vector>

namespace outboard::host {

class OutputStage {
public:
    /// @rt no: allocates, about 4 KiB a channel
    OutputStage(std::uint32_t channel_count, double sample_rate_hz, ob_fallback fallback);

    /// Completes the frames [offset, offset + frame_count) of all outputs. Calls of any length give
    /// the same stream. In the first frame of a change away from the wet source it costs a
    /// prediction a channel (LinearPrediction); else about a copy.
    /// @param outputs  one pointer a channel; they hold the wet frames if `wet_available`
    /// @param dry      one pointer a channel to `frame_count` frames outside of `outputs`; read
    ///                 only if reads_dry(), and null only if the fallback is another
    /// @thread caller
    /// @rt     bounded, O(frames); no allocation, lock or system call
    void render(float* const* outputs, std::uint32_t offset, std::uint32_t frame_count,
                bool wet_available, const float* const* dry) noexcept OB_NONBLOCKING;

    /// Whether the next render() reads `dry`: steady wet frames do not need it.
    /// @thread caller
    /// @rt     wait-free
    [[nodiscard]] bool reads_dry(bool wet_available) const noexcept OB_NONBLOCKING
    {
        return fallback_ == OB_FALLBACK_DRY &&
               (!wet_available || playing_ == Source::fallback || is_fading());
    }

    /// The wet frames of the next render() come from another source, not identical with the last
    /// one: fades over into it. Does nothing while the fallback plays.
    /// @thread caller
    /// @rt     bounded: a prediction a channel
    void switch_source() noexcept OB_NONBLOCKING;

    /// While there is time: fetches what render() of so many frames will write.
    void prefetch(std::uint32_t frame_count) const noexcept OB_NONBLOCKING
    {
        history_.prefetch(frame_count);
    }

private:
    enum class Source : std::uint8_t { wet, fallback };
    enum class FadeOrigin : std::uint8_t { prediction, fallback };

    [[nodiscard]] bool is_fading() const noexcept { return fade_frame_ < fade_frames; }
    void change_to(Source source) noexcept;
    void fade_from_prediction() noexcept;
    void render_fallback(std::uint32_t channel, const float* const* dry, float* out,
                         std::uint32_t frame_count) noexcept;
    void fade(std::uint32_t channel, const float* const* dry, float* out,
              std::uint32_t frame_count) noexcept;
    void advance(std::uint32_t frame_count, std::uint32_t faded_count) noexcept;

    std::uint32_t channel_count_;
    ob_fallback fallback_;
    Source playing_ = Source::wet;
    FadeOrigin fade_origin_ = FadeOrigin::prediction;
    std::uint32_t fade_frame_ = fade_frames;  ///< next frame of the fade; fade_frames: none

    OutputHistory history_;
    HoldLoop hold_;
    LinearPrediction prediction_;
    std::vector<std::array<float, fade_frames>> continuations_;  ///< of each channel
    std::array<float, OutputHistory::capacity_frames> past_{};   ///< work space, as is the next
    std::array<float, fade_frames> fallback_frames_{};
};

}  // namespace outboard::host
