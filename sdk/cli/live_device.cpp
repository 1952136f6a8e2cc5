// SPDX-License-Identifier: MIT
#include "sdk/cli/live_device.hpp"

#include "sdk/cli/failure.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace outboard::cli {

namespace {

using namespace std::chrono_literals;

/// For the first block: servers take their time to start a client.
constexpr auto first_block_limit = 10s;

constexpr std::uint32_t default_channel_count = 2;

/// Plays one block of silence.
class SilentBlock final : public audio::DeviceCallback {
public:
    audio::Flow process(std::span<const float* const> /*inputs*/, std::span<float* const> outputs,
                        std::uint32_t frame_count,
                        const audio::BlockTime& /*time*/) noexcept override
    {
        for (float* const output : outputs)
            std::fill_n(output, frame_count, 0.0F);
        return audio::Flow::finish;
    }
};

std::unique_ptr<audio::Device> make(const DevicePlan& plan)
{
    const audio::DeviceAddress& input = plan.input ? *plan.input : *plan.output;
    const audio::DeviceAddress& output = plan.output ? *plan.output : *plan.input;
    return take(audio::make_device(input, output, {}), ExitCode::device);
}

bool is_jack(const DevicePlan& plan)
{
    return audio::equal_ignoring_case((plan.input ? plan.input : plan.output)->api, "JACK");
}

}  // namespace

StreamFormat complete_format(const DevicePlan& plan, StreamFormat wanted)
{
    if (wanted.rate_hz != 0 && wanted.channel_count != 0)
        return wanted;
    std::uint32_t channel_count = default_channel_count;
    for (const bool is_input : {true, false}) {
        const auto& address = is_input ? plan.input : plan.output;
        if (!address)
            continue;
        const audio::DeviceInfo info =
            take(audio::find_device(*address, is_input), ExitCode::device);
        channel_count = std::min(
            channel_count, is_input ? info.input_channel_count_max : info.output_channel_count_max);
        if (wanted.rate_hz == 0)
            wanted.rate_hz = info.default_rate_hz;
    }
    if (wanted.channel_count == 0)
        wanted.channel_count = channel_count;
    return wanted;
}

LiveDevice::LiveDevice(const DevicePlan& plan, const StreamFormat& format,
                       std::uint32_t block_frames, std::int32_t priority)
    : plan_(plan),
      priority_(priority),
      server_gives_rights_(is_jack(plan)),
      device_(
          std::make_unique<audio::ReopeningDevice>(make(plan), audio::ReopeningDevice::Pauses{}))
{
    require(device_->open({.sample_rate_hz = format.rate_hz,
                           .frames_per_block = block_frames,
                           .input_channel_count = plan.input ? format.channel_count : 0,
                           .output_channel_count = plan.output ? format.channel_count : 0,
                           .on_thread_start = [this] { take_thread(); }}),
            ExitCode::device);
    SilentBlock silence;
    require(device_->start(silence), ExitCode::device);
    const bool has_run = device_->wait_until_finished(first_block_limit);
    device_->stop();
    if (!has_run) {
        throw Failure(ExitCode::device,
                      "'" + to_string(plan.output ? *plan.output : *plan.input) +
                          "' does not run: no block came in ten seconds. Does its server hang?");
    }
    check(thread_status_);
}

DeviceAccount LiveDevice::account() const
{
    const auto losses = device_->losses();
    return {.input = plan_.input ? to_string(*plan_.input) : "",
            .output = plan_.output ? to_string(*plan_.output) : "",
            .latency = device_->latency(),
            .loss_count = losses.count,
            .is_away = losses.is_away,
            .problem = losses.problem ? losses.problem->message : ""};
}

/// On every audio thread before its first block. Never pins: the thread is the back end's.
void LiveDevice::take_thread() noexcept
{
    thread_.grant =
        server_gives_rights_ ? ob_realtime_grant{} : apply({.priority = priority_, .cpu = -1});
    thread_status_ = ob_caller_config_from_thread(&thread_.caller);
    if (server_gives_rights_ && thread_.caller.realtime_priority > 0) {
        thread_.grant.step = OB_REALTIME_FIFO;
        thread_.grant.priority = thread_.caller.realtime_priority;
    }
    if (server_gives_rights_)
        thread_.grant.cpu = -1;
}

}  // namespace outboard::cli
