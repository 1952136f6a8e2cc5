// SPDX-License-Identifier: MIT
#include "audio/reopening_device.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

namespace outboard::audio {

namespace {

using namespace std::chrono_literals;

constexpr auto look_interval = 50ms;

DeviceStatistics sum(const DeviceStatistics& a, const DeviceStatistics& b) noexcept
{
    return {.blocks = a.blocks + b.blocks,
            .frames = a.frames + b.frames,
            .xruns = a.xruns + b.xruns,
            .lost_frames = a.lost_frames + b.lost_frames,
            .overruns = a.overruns + b.overruns,
            .longest_process_ns = std::max(a.longest_process_ns, b.longest_process_ns)};
}

/// Where a block is in device time: when it is heard, or was captured if nothing is played.
std::uint64_t start_ns_of(const BlockTime& time) noexcept
{
    return time.playback_ns != 0 ? time.playback_ns : time.capture_ns;
}

}  // namespace

ReopeningDevice::ReopeningDevice(std::unique_ptr<Device> device, const Pauses& pauses)
    : device_(std::move(device)),
      pauses_(pauses)
{}

ReopeningDevice::~ReopeningDevice()
{
    close();
}

Result<void> ReopeningDevice::open(const DeviceSettings& wanted)
{
    auto opened = device_->open(wanted);
    if (opened)
        granted_ = device_->settings();
    return opened;
}

Result<void> ReopeningDevice::start(DeviceCallback& callback)
{
    if (thread_.joinable())
        return fail(ErrorCode::wrong_state, "The device runs already; stop it first.");
    owner_ = &callback;
    first_frame_ = next_frame_ = end_ns_ = 0;
    must_report_back_ = false;
    {
        const std::lock_guard lock{mutex_};
        stop_requested_ = finished_ = false;
        is_live_ = true;
        ended_ = {};
        losses_ = {};
    }
    if (auto started = device_->start(*this); !started)
        return started;
    try {
        thread_ = std::thread{[this] { watch(); }};
    } catch (const std::system_error& error) {
        device_->stop();
        return fail(ErrorCode::system,
                    std::string{"The thread that watches the device cannot be started: "} +
                        error.what() + ".");
    }
    return {};
}

void ReopeningDevice::stop() noexcept
{
    if (!thread_.joinable())
        return;
    {
        const std::lock_guard lock{mutex_};
        stop_requested_ = true;
    }
    wake_.notify_all();
    thread_.join();
    device_->stop();
}

void ReopeningDevice::close() noexcept
{
    stop();
    device_->close();
}

bool ReopeningDevice::wait_until_finished(std::chrono::milliseconds limit)
{
    std::unique_lock lock{mutex_};
    return wake_.wait_for(lock, limit, [this] { return finished_; });
}

DeviceStatistics ReopeningDevice::statistics() const noexcept
{
    const std::lock_guard lock{mutex_};
    return is_live_ ? sum(ended_, device_->statistics()) : ended_;
}

DeviceLatency ReopeningDevice::latency() const noexcept
{
    const std::lock_guard lock{mutex_};
    return is_live_ || !thread_.joinable() ? device_->latency() : last_latency_;
}

ReopeningDevice::Losses ReopeningDevice::losses() const
{
    const std::lock_guard lock{mutex_};
    return losses_;
}

Flow ReopeningDevice::process(std::span<const float* const> inputs, std::span<float* const> outputs,
                              std::uint32_t frame_count, const BlockTime& time) noexcept
{
    BlockTime own = time;
    own.stream_frame = first_frame_ + time.stream_frame;
    if (must_report_back_)
        report_back(own);
    next_frame_ = own.stream_frame + frame_count;
    end_ns_ =
        start_ns_of(time) + std::uint64_t{frame_count} * 1'000'000'000 / granted_.sample_rate_hz;
    return owner_->process(inputs, outputs, frame_count, own);
}

void ReopeningDevice::device_event(const DeviceEvent& event) noexcept
{
    DeviceEvent own = event;
    own.stream_frame = first_frame_ + event.stream_frame;
    owner_->device_event(own);
}

void ReopeningDevice::watch()
{
    while (true) {
        const bool has_ended = device_->wait_until_finished(look_interval);
        if (has_ended && !device_->is_lost())
            break;
        if (has_ended) {
            end_life();
            if (!reopen())
                return;
        }
        const std::lock_guard lock{mutex_};
        if (stop_requested_)
            return;
    }
    const std::lock_guard lock{mutex_};
    finished_ = true;
    wake_.notify_all();
}

void ReopeningDevice::end_life()
{
    const DeviceLatency latency = device_->latency();
    device_->stop();
    device_->close();
    const std::lock_guard lock{mutex_};
    ended_ = sum(ended_, device_->statistics());
    last_latency_ = latency;
    is_live_ = false;
    ++losses_.count;
    losses_.is_away = true;
}

/// @return false: the owner wants no more
bool ReopeningDevice::reopen()
{
    first_frame_ = next_frame_;
    must_report_back_ = true;
    for (auto time = pauses_.first;; time = std::min(2 * time, pauses_.longest)) {
        if (!pause(time))
            return false;
        const auto opened = try_to_open();
        const std::lock_guard lock{mutex_};
        if (opened) {
            is_live_ = true;
            losses_.is_away = false;
            losses_.problem.reset();
            return true;
        }
        losses_.problem = opened.error();
    }
}

Result<void> ReopeningDevice::try_to_open()
{
    if (auto opened = device_->open(granted_); !opened)
        return opened;
    Result<void> started =
        device_->settings().sample_rate_hz == granted_.sample_rate_hz
            ? device_->start(*this)
            : fail(ErrorCode::unsupported, "The device came back with " +
                                               std::to_string(device_->settings().sample_rate_hz) +
                                               " Hz instead of " +
                                               std::to_string(granted_.sample_rate_hz) + " Hz.");
    if (!started)
        device_->close();
    return started;
}

/// @return false: the owner wants no more
bool ReopeningDevice::pause(std::chrono::milliseconds time)
{
    std::unique_lock lock{mutex_};
    return !wake_.wait_for(lock, time, [this] { return stop_requested_; });
}

void ReopeningDevice::report_back(const BlockTime& time) noexcept
{
    must_report_back_ = false;
    const std::uint64_t start_ns = start_ns_of(time);
    const std::uint64_t gap_ns = start_ns > end_ns_ && end_ns_ != 0 ? start_ns - end_ns_ : 0;
    owner_->device_event({.kind = DeviceEventKind::back,
                          .time_ns = time.capture_ns != 0 ? time.capture_ns : start_ns,
                          .stream_frame = time.stream_frame,
                          .lost_frames = gap_ns / 1000 * granted_.sample_rate_hz / 1'000'000});
}

}  // namespace outboard::audio
