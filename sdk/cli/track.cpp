// SPDX-License-Identifier: MIT
#include "sdk/cli/track.hpp"

#include "sdk/cli/failure.hpp"

namespace outboard::cli {

Track::Track(const std::string& path, const Format& format, const OutputWindow& window)
    : window_(window),
      trace_(window.end_frame() - window.skip_frames()),
      part_(format.channel_count)
{
    if (path.empty())
        return;
    const audio::SoundFileSettings settings{.sample_rate_hz = format.rate_hz,
                                            .channel_count = format.channel_count};
    sink_ = take(audio::FileSink::create(path, settings), ExitCode::output);
}

bool Track::record(std::span<const float* const> channels, std::uint64_t position,
                   std::uint32_t frame_count, bool may_wait) noexcept
{
    const OutputWindow::Part part = window_.part_of(position, frame_count);
    if (part.frame_count == 0)
        return true;
    for (std::size_t channel = 0; channel < part_.size(); ++channel)
        part_[channel] = channels[channel] + part.offset_frames;
    trace_.add(part_, part.frame_count);
    if (sink_ == nullptr)
        return true;
    const audio::PushStatus pushed = may_wait ? sink_->push_waiting(part_, part.frame_count)
                                              : sink_->push(part_, part.frame_count);
    return pushed != audio::PushStatus::failed;
}

std::optional<audio::FileSinkTotals> Track::close()
{
    if (sink_ == nullptr)
        return std::nullopt;
    return take(sink_->close(), ExitCode::output);
}

}  // namespace outboard::cli
