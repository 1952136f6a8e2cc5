// SPDX-License-Identifier: MIT
#include "audio/block_delivery.hpp"

#include "audio/steady_time.hpp"

#include <algorithm>

namespace outboard::audio {

namespace {

std::uint64_t to_ns(std::uint64_t frames, std::uint32_t rate_hz) noexcept
{
    return frames * 1'000'000'000 / rate_hz;
}

}  // namespace

void BlockDelivery::prepare(const DeviceSettings& settings, DeviceCallback& callback)
{
    settings_ = settings;
    callback_ = &callback;
    counters_.reset();
    finished_.store(false, std::memory_order_relaxed);
    lost_.store(false, std::memory_order_relaxed);
    started_ = false;
    stream_frame_ = 0;
    expected_ns_ = 0;
    inputs_.assign(settings.input_channel_count, nullptr);
    outputs_.assign(settings.output_channel_count, nullptr);
}

Flow BlockDelivery::deliver(const float* const* inputs, float* const* outputs,
                            const CardBlock& block) noexcept
{
    if (finished_.load(std::memory_order_relaxed)) {
        silence(outputs, 0, block.frame_count);
        return Flow::finish;
    }
    if (!started_) {
        started_ = true;
        if (settings_.on_thread_start)
            settings_.on_thread_start();
    } else if (block.input_lost || block.output_lost) {
        report_xrun(block);
    }

    const std::uint64_t began_ns = now_ns();
    for (std::uint32_t offset = 0; offset < block.frame_count;) {
        const std::uint32_t count =
            std::min(block.frame_count - offset, settings_.frames_per_block);
        for (std::size_t channel = 0; channel < inputs_.size(); ++channel)
            inputs_[channel] = inputs[channel] + offset;
        for (std::size_t channel = 0; channel < outputs_.size(); ++channel)
            outputs_[channel] = outputs[channel] + offset;
        const Flow flow = callback_->process(inputs_, outputs_, count, time_of(block, offset));
        stream_frame_ += count;
        offset += count;
        DeviceCounters::add(counters_.blocks, 1);
        DeviceCounters::add(counters_.frames, count);
        if (flow == Flow::finish) {
            silence(outputs, offset, block.frame_count);
            finished_.store(true, std::memory_order_release);  // pairs with has_finished()
            return Flow::finish;
        }
    }

    const std::uint64_t taken_ns = now_ns() - began_ns;
    const std::uint64_t period_ns = to_ns(block.frame_count, settings_.sample_rate_hz);
    counters_.note_process(taken_ns);
    if (taken_ns > period_ns)
        DeviceCounters::add(counters_.overruns, 1);
    const std::uint64_t start_ns = block.playback_ns != 0 ? block.playback_ns : block.capture_ns;
    expected_ns_ = start_ns + period_ns;
    return Flow::proceed;
}

void BlockDelivery::report_lost() noexcept
{
    if (lost_.exchange(true, std::memory_order_relaxed) || callback_ == nullptr)
        return;
    callback_->device_event({.kind = DeviceEventKind::lost,
                             .time_ns = now_ns(),
                             .stream_frame = stream_frame_,
                             .lost_frames = 0});
}

/// Of the slice that starts `offset` frames into the block.
BlockTime BlockDelivery::time_of(const CardBlock& block, std::uint32_t offset) const noexcept
{
    const std::uint64_t offset_ns = to_ns(offset, settings_.sample_rate_hz);
    return {.stream_frame = stream_frame_,
            .capture_ns = block.capture_ns + offset_ns,
            .playback_ns = block.playback_ns + offset_ns,
            .input_lost = offset == 0 && block.input_lost,
            .output_lost = offset == 0 && block.output_lost};
}

/// No back end counts them; but each says when its block will be heard, and a gap makes it later.
std::uint64_t BlockDelivery::lost_frames_before(const CardBlock& block) const noexcept
{
    const std::uint64_t start_ns = block.playback_ns != 0 ? block.playback_ns : block.capture_ns;
    if (expected_ns_ == 0 || start_ns <= expected_ns_)
        return 0;
    return (start_ns - expected_ns_) * settings_.sample_rate_hz / 1'000'000'000;
}

void BlockDelivery::report_xrun(const CardBlock& block) noexcept
{
    const std::uint64_t lost_frames = lost_frames_before(block);
    DeviceCounters::add(counters_.xruns, 1);
    DeviceCounters::add(counters_.lost_frames, lost_frames);
    callback_->device_event({.kind = DeviceEventKind::xrun,
                             .time_ns = now_ns(),
                             .stream_frame = stream_frame_,
                             .lost_frames = lost_frames});
}

void BlockDelivery::silence(float* const* outputs, std::uint32_t first,
                            std::uint32_t end) const noexcept
{
    for (std::size_t channel = 0; channel < outputs_.size(); ++channel)
        std::fill(outputs[channel] + first, outputs[channel] + end, 0.0F);
}

}  // namespace outboard::audio
