// SPDX-License-Identifier: MIT
#include "sdk/cli/stream.hpp"

#include <algorithm>
#include <chrono>

namespace outboard::cli {

namespace {

constexpr std::size_t gap_count_max = 256;

}  // namespace

Stream::Stream(const Parts& parts, const Settings& settings)
    : parts_(parts),
      settings_(settings),
      input_(parts.playlist.format().channel_count, settings.block_frames),
      unheard_(parts.playlist.format().channel_count, settings.block_frames),
      output_(parts.playlist.format().channel_count),
      trace_(settings.end_frame / settings.block_frames + 1)
{
    gaps_.reserve(gap_count_max);
}

audio::Flow Stream::process(std::span<const float* const> inputs, std::span<float* const> outputs,
                            std::uint32_t frame_count, const audio::BlockTime& time) noexcept
{
    const std::uint64_t position = position_.load(std::memory_order_relaxed);
    if (position == 0)
        start_ns_ = time.capture_ns != 0 ? time.capture_ns : time.playback_ns;
    if (interrupted_.load(std::memory_order_relaxed))
        return finish(StreamEnd::interrupted, outputs, frame_count);

    if (settings_.may_wait) {
        parts_.striker.await_strikes(position);
    } else {
        parts_.striker.advance(position);
    }

    if (!settings_.is_live) {
        parts_.playlist.read(input_.writable(), frame_count);
        inputs = input_.readable();
    }
    const std::span<float* const> wet = outputs.empty() ? unheard_.writable() : outputs;
    std::copy(wet.begin(), wet.end(), output_.begin());
    status_ = process_chain(inputs, wet, frame_count);
    if (status_ < 0) {
        return finish(status_ == OB_ERR_GAVE_UP ? StreamEnd::gave_up : StreamEnd::failed, outputs,
                      frame_count);
    }

    const bool dry_kept = parts_.dry.record(inputs, position, frame_count, settings_.may_wait);
    const bool wet_kept = parts_.wet.record(output_, position, frame_count, settings_.may_wait);
    ++block_count_;
    position_.store(position + frame_count, std::memory_order_relaxed);
    if (dry_kept && wet_kept && position + frame_count < settings_.end_frame)
        return audio::Flow::proceed;
    end_ = dry_kept && wet_kept ? StreamEnd::complete : StreamEnd::disk;
    return audio::Flow::finish;
}

ob_status Stream::process_chain(std::span<const float* const> inputs, std::span<float* const> wet,
                                std::uint32_t frame_count) noexcept
{
    using Clock = std::chrono::steady_clock;
    const Clock::time_point started = Clock::now();
    const ob_status status = parts_.chain.process(inputs.data(), wet.data(), frame_count);
    const std::chrono::nanoseconds elapsed = Clock::now() - started;
    trace_.add({.first_frame = position_.load(std::memory_order_relaxed),
                .process_ns = static_cast<std::uint64_t>(elapsed.count()),
                .peak = {},
                .is_concealed = status == OB_CONCEALED},
               output_, frame_count);
    return status;
}

void Stream::device_event(const audio::DeviceEvent& event) noexcept
{
    if (event.kind == audio::DeviceEventKind::back && gaps_.size() < gap_count_max)
        gaps_.push_back({event.stream_frame, event.lost_frames});
}

/// The last block is one of silence.
audio::Flow Stream::finish(StreamEnd end, std::span<float* const> outputs,
                           std::uint32_t frame_count) noexcept
{
    for (float* const output : outputs)
        std::fill_n(output, frame_count, 0.0F);
    end_ = end;
    return audio::Flow::finish;
}

}  // namespace outboard::cli
