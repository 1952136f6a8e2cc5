// SPDX-License-Identifier: MIT
#include "sdk/cli/stream.hpp"

#include <algorithm>

namespace outboard::cli {

Stream::Stream(const Parts& parts, const Settings& settings)
    : parts_(parts),
      settings_(settings),
      input_(parts.playlist.format().channel_count, settings.block_frames),
      output_(parts.playlist.format().channel_count)
{}

audio::Flow Stream::process(std::span<const float* const> /*inputs*/,
                            std::span<float* const> outputs, std::uint32_t frame_count,
                            const audio::BlockTime& time) noexcept
{
    const std::uint64_t position = position_.load(std::memory_order_relaxed);
    if (position == 0)
        start_ns_ = time.capture_ns;
    if (interrupted_.load(std::memory_order_relaxed))
        return finish(StreamEnd::interrupted);

    if (settings_.may_wait) {
        parts_.striker.await_strikes(position);
    } else {
        parts_.striker.advance(position);
    }

    parts_.playlist.read(input_.writable(), frame_count);
    status_ = parts_.chain.process(input_.readable().data(), outputs.data(), frame_count);
    if (status_ < 0)
        return finish(status_ == OB_ERR_GAVE_UP ? StreamEnd::gave_up : StreamEnd::failed);

    std::copy(outputs.begin(), outputs.end(), output_.begin());
    const bool dry_kept =
        parts_.dry.record(input_.readable(), position, frame_count, settings_.may_wait);
    const bool wet_kept = parts_.wet.record(output_, position, frame_count, settings_.may_wait);
    ++block_count_;
    position_.store(position + frame_count, std::memory_order_relaxed);
    if (!dry_kept || !wet_kept)
        return finish(StreamEnd::disk);
    return position + frame_count < settings_.end_frame ? audio::Flow::proceed
                                                        : finish(StreamEnd::complete);
}

audio::Flow Stream::finish(StreamEnd end) noexcept
{
    end_ = end;
    return audio::Flow::finish;
}

}  // namespace outboard::cli
