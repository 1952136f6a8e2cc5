// SPDX-License-Identifier: MIT
#include "audio/null_device.hpp"

#include "audio/device_settings.hpp"
#include "audio/steady_time.hpp"

#include <string>
#include <system_error>

namespace outboard::audio {

namespace {

using Clock = std::chrono::steady_clock;

Clock::time_point to_time_point(std::uint64_t time_ns) noexcept
{
    return Clock::time_point{std::chrono::nanoseconds{static_cast<std::int64_t>(time_ns)}};
}

}  // namespace

NullDevice::~NullDevice()
{
    close();
}

Result<void> NullDevice::open(const DeviceSettings& wanted)
{
    if (state_ != State::closed)
        return fail(ErrorCode::wrong_state, "The null device is open already; close it first.");
    if (auto valid = check_settings(wanted); !valid)
        return valid;
    settings_ = wanted;
    allocate_buffers();
    state_ = State::open;
    return {};
}

Result<void> NullDevice::start(DeviceCallback& callback)
{
    if (state_ != State::open) {
        return fail(ErrorCode::wrong_state, state_ == State::closed
                                                ? "The null device is not open; open it first."
                                                : "The null device runs already; stop it first.");
    }
    counters_.reset();
    stop_requested_ = false;
    finished_ = false;
    try {
        thread_ = std::thread{[this, &callback] { run(callback); }};
    } catch (const std::system_error& error) {
        return fail(ErrorCode::system,
                    std::string{"The audio thread cannot be started: "} + error.what() + ".");
    }
    state_ = State::running;
    return {};
}

void NullDevice::stop() noexcept
{
    if (state_ != State::running)
        return;
    {
        const std::lock_guard lock{mutex_};
        stop_requested_ = true;
    }
    wake_.notify_one();
    thread_.join();
    state_ = State::open;
}

void NullDevice::close() noexcept
{
    stop();
    state_ = State::closed;
}

bool NullDevice::wait_until_finished(std::chrono::milliseconds limit)
{
    std::unique_lock lock{mutex_};
    return finished_change_.wait_for(lock, limit, [this] { return finished_; });
}

DeviceStatistics NullDevice::statistics() const noexcept
{
    return counters_.read();
}

DeviceLatency NullDevice::latency() const noexcept
{
    return {settings_.frames_per_block, settings_.frames_per_block};
}

void NullDevice::allocate_buffers()
{
    const std::size_t block = settings_.frames_per_block;
    samples_.assign(block * (1 + std::size_t{settings_.output_channel_count}), 0.0F);
    inputs_.assign(settings_.input_channel_count, samples_.data());
    outputs_.resize(settings_.output_channel_count);
    for (std::size_t channel = 0; channel < outputs_.size(); ++channel)
        outputs_[channel] = samples_.data() + block * (1 + channel);
}

void NullDevice::run(DeviceCallback& callback) noexcept
{
    if (settings_.on_thread_start)
        settings_.on_thread_start();

    BlockClock clock{now_ns(), settings_.sample_rate_hz, settings_.frames_per_block};
    BlockTime time;
    while (wait_for_block(clock.due_ns())) {
        if (run_block(callback, clock, time) == Flow::finish)
            break;
    }

    {
        const std::lock_guard lock{mutex_};
        finished_ = true;
    }
    finished_change_.notify_all();
}

/// @return false: the stream has to end
bool NullDevice::wait_for_block(std::uint64_t due_ns) noexcept
{
    std::unique_lock lock{mutex_};
    const auto stopped = [this] { return stop_requested_; };
    if (pace_ == Pace::free)
        return !stopped();
    return !wake_.wait_until(lock, to_time_point(due_ns), stopped);
}

Flow NullDevice::run_block(DeviceCallback& callback, BlockClock& clock, BlockTime& time) noexcept
{
    time.capture_ns = clock.capture_ns();
    time.playback_ns = clock.playback_ns();

    const std::uint64_t began_ns = now_ns();
    const Flow flow = callback.process(inputs_, outputs_, settings_.frames_per_block, time);
    const std::uint64_t lost_periods = advance(clock, began_ns);

    DeviceCounters::add(counters_.blocks, 1);
    DeviceCounters::add(counters_.frames, settings_.frames_per_block);
    time = {.stream_frame = time.stream_frame + settings_.frames_per_block};
    if (lost_periods > 0)
        report_xrun(callback, lost_periods, time);
    return flow;
}

/// Goes on to the next block, and notes how long process() has taken.
/// @return periods that were lost
std::uint64_t NullDevice::advance(BlockClock& clock, std::uint64_t began_ns) noexcept
{
    const std::uint64_t finished_ns = now_ns();
    const std::uint64_t taken_ns = finished_ns - began_ns;
    counters_.note_process(taken_ns);

    if (pace_ == Pace::free)
        return clock.advance(clock.due_ns());
    if (taken_ns > clock.playback_ns() - clock.due_ns())
        DeviceCounters::add(counters_.overruns, 1);
    return clock.advance(finished_ns);
}

void NullDevice::report_xrun(DeviceCallback& callback, std::uint64_t lost_periods,
                             BlockTime& next) noexcept
{
    const std::uint64_t lost_frames = lost_periods * settings_.frames_per_block;
    DeviceCounters::add(counters_.xruns, 1);
    DeviceCounters::add(counters_.lost_frames, lost_frames);
    next.input_lost = lost_periods > 1;  // one alone: played too late, yet captured in full
    next.output_lost = true;
    callback.device_event({.kind = DeviceEventKind::xrun,
                           .time_ns = now_ns(),
                           .stream_frame = next.stream_frame,
                           .lost_frames = lost_frames});
}

}  // namespace outboard::audio
