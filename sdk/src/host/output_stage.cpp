// SPDX-License-Identifier: MIT

#include "sdk/src/host/output_stage.hpp"

#include <algorithm>

namespace outboard::host {

static_assert(LinearPrediction::past_frames_max >= OutputHistory::capacity_frames);
static_assert(LinearPrediction::next_frames_max >= fade_frames);

OutputStage::OutputStage(std::uint32_t channel_count, double sample_rate_hz, ob_fallback fallback)
    : channel_count_(channel_count),
      fallback_(fallback),
      history_(channel_count),
      hold_(fallback == OB_FALLBACK_HOLD ? channel_count : 0, sample_rate_hz),
      continuations_(channel_count)
{}

void OutputStage::render(float* const* outputs, std::uint32_t offset, std::uint32_t frame_count,
                         bool wet_available, const float* const* dry) noexcept OB_NONBLOCKING
{
    OB_ASSERT(dry != nullptr || fallback_ != OB_FALLBACK_DRY);
    if (frame_count == 0)
        return;
    change_to(wet_available ? Source::wet : Source::fallback);

    const std::uint32_t faded_count = std::min(frame_count, fade_frames - fade_frame_);
    for (std::uint32_t channel = 0; channel < channel_count_; ++channel) {
        float* const out = outputs[channel] + offset;
        if (playing_ == Source::fallback)
            render_fallback(channel, dry, out, frame_count);
        if (faded_count != 0)
            fade(channel, dry, out, faded_count);
        history_.write(channel, out, frame_count);
    }
    advance(frame_count, faded_count);
}

void OutputStage::switch_source() noexcept OB_NONBLOCKING
{
    if (playing_ == Source::wet)
        fade_from_prediction();
}

void OutputStage::change_to(Source source) noexcept
{
    if (source == playing_)
        return;
    if (playing_ == Source::wet || is_fading()) {
        fade_from_prediction();
    } else {
        fade_origin_ = FadeOrigin::fallback;
        fade_frame_ = 0;
    }
    if (source == Source::fallback && fallback_ == OB_FALLBACK_HOLD)
        hold_.capture(history_);
    playing_ = source;
}

void OutputStage::fade_from_prediction() noexcept
{
    for (std::uint32_t channel = 0; channel < channel_count_; ++channel)
        prediction_.continue_signal(history_.copy(channel, past_), continuations_[channel]);
    fade_origin_ = FadeOrigin::prediction;
    fade_frame_ = 0;
}

void OutputStage::render_fallback(std::uint32_t channel, const float* const* dry, float* out,
                                  std::uint32_t frame_count) noexcept
{
    switch (fallback_) {
        case OB_FALLBACK_DRY: std::copy_n(dry[channel], frame_count, out); break;
        case OB_FALLBACK_SILENCE: std::fill_n(out, frame_count, 0.0f); break;
        case OB_FALLBACK_HOLD: hold_.render(channel, out, frame_count); break;
    }
}

/// Mixes what the fade starts from into the frames of what is playing now.
void OutputStage::fade(std::uint32_t channel, const float* const* dry, float* out,
                       std::uint32_t frame_count) noexcept
{
    const float* from = continuations_[channel].data() + fade_frame_;
    if (fade_origin_ == FadeOrigin::fallback) {
        render_fallback(channel, dry, fallback_frames_.data(), frame_count);
        from = fallback_frames_.data();
    }
    for (std::uint32_t i = 0; i < frame_count; ++i)
        out[i] = faded(from[i], out[i], fade_frame_ + i);
}

void OutputStage::advance(std::uint32_t frame_count, std::uint32_t faded_count) noexcept
{
    history_.advance(frame_count);
    if (playing_ == Source::fallback) {
        hold_.advance(frame_count);
    } else if (fade_origin_ == FadeOrigin::fallback) {
        hold_.advance(faded_count);
    }
    fade_frame_ += faded_count;
}

}  // namespace outboard::host
