// SPDX-License-Identifier: MIT
#include "audio/portaudio/portaudio_device.hpp"

#include "audio/device_settings.hpp"
#include "audio/device_words.hpp"
#include "audio/library_messages.hpp"
#include "audio/portaudio/jack_shutdown.hpp"
#include "audio/steady_time.hpp"

#include <portaudio.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <thread>
#include <utility>

namespace outboard::audio {

namespace {

using namespace std::chrono_literals;

constexpr auto look_pause = 5ms;

std::uint32_t to_frames(double seconds, std::uint32_t rate_hz) noexcept
{
    return seconds <= 0 ? 0 : static_cast<std::uint32_t>(std::lround(seconds * rate_hz));
}

PaStreamParameters parameters_of(int device, std::uint32_t channel_count, double latency_seconds)
{
    return {.device = device,
            .channelCount = static_cast<int>(channel_count),
            .sampleFormat = paFloat32 | paNonInterleaved,
            .suggestedLatency = latency_seconds,
            .hostApiSpecificStreamInfo = nullptr};
}

}  // namespace

struct PortAudioDevice::Streaming {
    static int run(const void* input, void* output, unsigned long frame_count,
                   const PaStreamCallbackTimeInfo* time, PaStreamCallbackFlags flags,
                   void* device) noexcept
    {
        auto& self = *static_cast<PortAudioDevice*>(device);
        const std::uint64_t now = now_ns();
        const double until_heard = time->outputBufferDacTime - time->currentTime;
        const double since_captured = time->currentTime - time->inputBufferAdcTime;
        if (self.api_.is_jack)
            self.note_latency(since_captured, until_heard);
        const auto to_ns = [](double seconds) {
            return seconds <= 0 ? 0 : static_cast<std::uint64_t>(seconds * 1e9);
        };
        const CardBlock block{.frame_count = static_cast<std::uint32_t>(frame_count),
                              .capture_ns = input == nullptr ? 0 : now - to_ns(since_captured),
                              .playback_ns = output == nullptr ? 0 : now + to_ns(until_heard),
                              .input_lost = (flags & paInputOverflow) != 0,
                              .output_lost = (flags & paOutputUnderflow) != 0};
        const Flow flow = self.delivery_.deliver(static_cast<const float* const*>(input),
                                                 static_cast<float* const*>(output), block);
        return flow == Flow::proceed ? paContinue : paComplete;
    }
};

PortAudioDevice::PortAudioDevice(DeviceAddress input, DeviceAddress output, std::string client_name)
    : input_(std::move(input)),
      output_(std::move(output)),
      client_name_(std::move(client_name))
{}

PortAudioDevice::~PortAudioDevice()
{
    close();
}

Result<void> PortAudioDevice::open(const DeviceSettings& wanted)
{
    if (state_ != State::closed)
        return fail(ErrorCode::wrong_state, "The device is open already; close it first.");
    if (auto valid = check_settings(wanted); !valid)
        return valid;
    auto session = PortAudioSession::begin(client_name_);
    if (!session)
        return tl::unexpected(std::move(session.error()));
    session_.emplace(std::move(*session));
    settings_ = wanted;
    if (auto opened = open_stream(wanted); !opened) {
        session_.reset();
        return opened;
    }
    state_ = State::open;
    return {};
}

Result<std::array<int, 2>> PortAudioDevice::find_devices(const DeviceSettings& wanted) const
{
    std::array<int, 2> devices{-1, -1};
    for (const bool is_input : {true, false}) {
        const std::uint32_t count =
            is_input ? wanted.input_channel_count : wanted.output_channel_count;
        if (count == 0)
            continue;
        const auto device = session_->find_device(api_, is_input ? input_ : output_, is_input);
        if (!device)
            return tl::unexpected(device.error());
        if (auto offered = check_channels(*device, is_input, count); !offered)
            return tl::unexpected(std::move(offered.error()));
        devices[is_input ? 0 : 1] = *device;
    }
    return devices;
}

Result<void> PortAudioDevice::open_stream(const DeviceSettings& wanted)
{
    auto api = session_->find_api(wanted.output_channel_count > 0 ? output_ : input_);
    if (!api)
        return tl::unexpected(std::move(api.error()));
    api_ = std::move(*api);
    const auto devices = find_devices(wanted);
    if (!devices)
        return tl::unexpected(devices.error());
    const auto [input, output] = *devices;

    const double block_seconds =
        static_cast<double>(wanted.frames_per_block) / wanted.sample_rate_hz;
    const auto latency_of = [&](double lowest) { return std::max(lowest, 2 * block_seconds); };
    PaStreamParameters input_parameters{};
    PaStreamParameters output_parameters{};
    if (input >= 0) {
        input_parameters =
            parameters_of(input, wanted.input_channel_count,
                          latency_of(Pa_GetDeviceInfo(input)->defaultLowInputLatency));
    }
    if (output >= 0) {
        output_parameters =
            parameters_of(output, wanted.output_channel_count,
                          latency_of(Pa_GetDeviceInfo(output)->defaultLowOutputLatency));
    }
    // JACK decides about its blocks; adapting them in there would only add latency.
    const unsigned long block_frames =
        api_.is_jack ? paFramesPerBufferUnspecified : wanted.frames_per_block;
    const JackShutdownRepeater way_out;
    const PaError error =
        Pa_OpenStream(&stream_, input >= 0 ? &input_parameters : nullptr,
                      output >= 0 ? &output_parameters : nullptr, wanted.sample_rate_hz,
                      block_frames, paClipOff | paDitherOff, Streaming::run, this);
    if (error != paNoError) {
        stream_ = nullptr;
        return open_error(error, input, output, wanted);
    }
    const PaStreamInfo& granted = *Pa_GetStreamInfo(stream_);
    settings_.sample_rate_hz = static_cast<std::uint32_t>(std::lround(granted.sampleRate));
    input_latency_frames_.store(
        input < 0 || api_.is_jack ? 0 : to_frames(granted.inputLatency, settings_.sample_rate_hz),
        std::memory_order_relaxed);
    output_latency_frames_.store(
        output < 0 || api_.is_jack ? 0 : to_frames(granted.outputLatency, settings_.sample_rate_hz),
        std::memory_order_relaxed);
    return {};
}

tl::unexpected<Error> PortAudioDevice::open_error(int error, int input, int output,
                                                  const DeviceSettings& wanted) const
{
    const DeviceAddress device{"portaudio", api_.name,
                               Pa_GetDeviceInfo(output >= 0 ? output : input)->name};
    switch (error) {
        case paInvalidSampleRate:
            return tl::unexpected(
                rate_error(device, wanted.sample_rate_hz,
                           session_->offered_rates_hz(input, wanted.input_channel_count, output,
                                                      wanted.output_channel_count)));
        case paDeviceUnavailable: return tl::unexpected(busy_error(device));
        default: break;
    }
    std::string reason = Pa_GetErrorText(error);
    if (error == paUnanticipatedHostError)
        reason += std::string{" ("} + Pa_GetLastHostErrorInfo()->errorText + ")";
    return fail(ErrorCode::system, "'" + to_string(device) + "' cannot be opened: " + reason + ".");
}

Result<void> PortAudioDevice::check_channels(int device, bool is_input, std::uint32_t wanted) const
{
    const PaDeviceInfo& info = *Pa_GetDeviceInfo(device);
    const int offered = is_input ? info.maxInputChannels : info.maxOutputChannels;
    if (static_cast<std::int64_t>(wanted) <= offered)
        return {};
    return tl::unexpected(channel_count_error(
        {"portaudio", api_.name, info.name}, is_input ? Direction::input : Direction::output,
        wanted, static_cast<std::uint32_t>(std::max(offered, 0))));
}

Result<void> PortAudioDevice::start(DeviceCallback& callback)
{
    if (state_ != State::open) {
        return fail(ErrorCode::wrong_state, state_ == State::closed
                                                ? "The device is not open; open it first."
                                                : "The device runs already; stop it first.");
    }
    delivery_.prepare(settings_, callback);
    const JackShutdownRepeater way_out;
    if (const PaError error = Pa_StartStream(stream_); error != paNoError) {
        return fail(ErrorCode::system,
                    std::string{"The device cannot be started: "} + Pa_GetErrorText(error) + ".");
    }
    state_ = State::running;
    return {};
}

void PortAudioDevice::stop() noexcept
{
    if (state_ != State::running)
        return;
    look_for_loss();
    const JackShutdownRepeater way_out;
    static_cast<void>(Pa_AbortStream(stream_));
    state_ = State::open;
}

void PortAudioDevice::close() noexcept
{
    stop();
    if (state_ == State::closed)
        return;
    {
        const JackShutdownRepeater way_out;
        static_cast<void>(Pa_CloseStream(stream_));
    }
    stream_ = nullptr;
    session_.reset();
    state_ = State::closed;
}

bool PortAudioDevice::wait_until_finished(std::chrono::milliseconds limit)
{
    const auto end = std::chrono::steady_clock::now() + limit;
    while (true) {
        look_for_loss();
        if (delivery_.has_finished() || delivery_.is_lost())
            return true;
        if (state_ != State::running || std::chrono::steady_clock::now() >= end)
            return false;
        std::this_thread::sleep_for(look_pause);
    }
}

/// PortAudio has no word for it: the stream is inactive, and nobody has ended it.
void PortAudioDevice::look_for_loss() noexcept
{
    if (state_ == State::running && Pa_IsStreamActive(stream_) != 1 && !delivery_.has_finished())
        delivery_.report_lost();
}

void PortAudioDevice::note_latency(double since_captured, double until_heard) noexcept
{
    if (settings_.input_channel_count > 0) {
        input_latency_frames_.store(to_frames(since_captured, settings_.sample_rate_hz),
                                    std::memory_order_relaxed);
    }
    if (settings_.output_channel_count > 0) {
        output_latency_frames_.store(to_frames(until_heard, settings_.sample_rate_hz),
                                     std::memory_order_relaxed);
    }
}

DeviceLatency PortAudioDevice::latency() const noexcept
{
    return {input_latency_frames_.load(std::memory_order_relaxed),
            output_latency_frames_.load(std::memory_order_relaxed)};
}

DeviceCatalog list_portaudio_devices()
{
    const auto session = PortAudioSession::begin("outboard");
    if (!session)
        return {.apis = {{"portaudio", "", session.error().message}}, .devices = {}};
    return session->catalog();
}

}  // namespace outboard::audio
