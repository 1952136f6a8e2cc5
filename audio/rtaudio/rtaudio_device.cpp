// SPDX-License-Identifier: MIT
#include "audio/rtaudio/rtaudio_device.hpp"

#include "audio/device_settings.hpp"
#include "audio/device_words.hpp"
#include "audio/library_messages.hpp"
#include "audio/rtaudio/rtaudio_lookup.hpp"
#include "audio/steady_time.hpp"

#include <algorithm>
#include <thread>
#include <utility>

namespace outboard::audio {

namespace {

using namespace std::chrono_literals;

constexpr auto look_pause = 5ms;

/// How long RtAudio's own thread, which has just said that it closed the stream, may need to end.
constexpr auto farewell = 50ms;

/// Blocks that RtAudio may hold back at servers that let it choose: two is what ALSA needs, and
/// PulseAudio's own choice is two seconds.
constexpr unsigned buffer_count = 4;

/// Whether a warning on the audio thread tells more than a late block.
bool ends_stream(const std::string& text)
{
    return text.find("underrun") == std::string::npos &&
           text.find("overrun") == std::string::npos && text.find("error") != std::string::npos;
}

Result<void> check_channels(const RtAudio::DeviceInfo& info, const DeviceAddress& device,
                            Direction direction, std::uint32_t wanted)
{
    const unsigned offered =
        direction == Direction::input ? info.inputChannels : info.outputChannels;
    if (wanted <= offered)
        return {};
    return tl::unexpected(channel_count_error(device, direction, wanted, offered));
}

Result<void> check_rate(const RtAudio::DeviceInfo& info, const DeviceAddress& device,
                        std::uint32_t wanted_hz)
{
    const auto& rates_hz = info.sampleRates;
    if (rates_hz.empty() ||
        std::find(rates_hz.begin(), rates_hz.end(), wanted_hz) != rates_hz.end())
        return {};
    const std::vector<std::uint32_t> offered_hz{rates_hz.begin(), rates_hz.end()};
    return tl::unexpected(rate_error(device, wanted_hz, offered_hz));
}

}  // namespace

struct RtAudioDevice::Streaming {
    /// Whose audio thread this is: RtAudio's callback for errors does not say.
    static thread_local RtAudioDevice* of_thread;

    static int run(void* output, void* input, unsigned frame_count, double /*seconds*/,
                   RtAudioStreamStatus status, void* device) noexcept
    {
        auto& self = *static_cast<RtAudioDevice*>(device);
        of_thread = &self;
        if (self.failed_.load(std::memory_order_relaxed))
            return abort_stream;
        for (std::size_t channel = 0; channel < self.inputs_.size(); ++channel)
            self.inputs_[channel] = static_cast<const float*>(input) + channel * frame_count;
        for (std::size_t channel = 0; channel < self.outputs_.size(); ++channel)
            self.outputs_[channel] = static_cast<float*>(output) + channel * frame_count;

        const std::uint64_t now = now_ns();
        const std::uint64_t rate_hz = self.settings_.sample_rate_hz;
        const std::uint64_t latency = self.latency_frames_.load(std::memory_order_relaxed);
        // What comes in now was captured in the block before this one: see the header.
        const std::uint64_t block_ns = frame_count * std::uint64_t{1'000'000'000} / rate_hz;
        const CardBlock block{
            .frame_count = frame_count,
            .capture_ns = self.inputs_.empty() ? 0 : now - 2 * block_ns,
            .playback_ns = self.outputs_.empty() ? 0 : now + latency * 1'000'000'000 / rate_hz,
            .input_lost = (status & RTAUDIO_INPUT_OVERFLOW) != 0,
            .output_lost = (status & RTAUDIO_OUTPUT_UNDERFLOW) != 0};
        const Flow flow = self.delivery_.deliver(self.inputs_.data(), self.outputs_.data(), block);
        return flow == Flow::proceed ? 0 : drain_stream;
    }

    /// On the audio thread this is the death of a server or a card; elsewhere a call fails too.
    static void note_error(RtAudioError::Type /*type*/, const std::string& text)
    {
        if (of_thread != nullptr && ends_stream(text))
            of_thread->failed_.store(true, std::memory_order_relaxed);
    }

    static constexpr int drain_stream = 1;
    static constexpr int abort_stream = 2;
};

thread_local RtAudioDevice* RtAudioDevice::Streaming::of_thread = nullptr;

RtAudioDevice::RtAudioDevice(DeviceAddress input, DeviceAddress output, std::string client_name)
    : input_(std::move(input)),
      output_(std::move(output)),
      client_name_(std::move(client_name))
{}

RtAudioDevice::~RtAudioDevice()
{
    close();
}

Result<void> RtAudioDevice::open(const DeviceSettings& wanted)
{
    if (state_ != State::closed)
        return fail(ErrorCode::wrong_state, "The device is open already; close it first.");
    if (auto valid = check_settings(wanted); !valid)
        return valid;
    settings_ = wanted;
    failed_.store(false, std::memory_order_relaxed);
    auto opened = guard_rtaudio("The device cannot be opened", [&] { return open_stream(wanted); });
    if (!opened) {
        rtaudio_.reset();
        return opened;
    }
    inputs_.assign(wanted.input_channel_count, nullptr);
    outputs_.assign(wanted.output_channel_count, nullptr);
    state_ = State::open;
    return {};
}

Result<void> RtAudioDevice::open_stream(const DeviceSettings& wanted)
{
    const auto api = find_rtaudio_api(wanted.output_channel_count > 0 ? output_ : input_);
    if (!api)
        return tl::unexpected(api.error());
    rtaudio_ = std::make_unique<RtAudio>(api->id);
    rtaudio_->showWarnings(false);

    RtAudio::StreamParameters input;
    RtAudio::StreamParameters output;
    for (const Direction direction : {Direction::input, Direction::output}) {
        const bool is_input = direction == Direction::input;
        const std::uint32_t count =
            is_input ? wanted.input_channel_count : wanted.output_channel_count;
        if (count == 0)
            continue;
        const auto found =
            find_rtaudio_device(*rtaudio_, *api, is_input ? input_ : output_, is_input);
        if (!found)
            return tl::unexpected(found.error());
        const RtAudio::DeviceInfo info = rtaudio_->getDeviceInfo(*found);
        const DeviceAddress device{"rtaudio", api->name, info.name};
        auto offered = check_channels(info, device, direction, count).and_then([&] {
            return check_rate(info, device, wanted.sample_rate_hz);
        });
        if (!offered)
            return offered;
        (is_input ? input : output) = {.deviceId = *found, .nChannels = count, .firstChannel = 0};
    }

    RtAudio::StreamOptions options;
    options.flags = RTAUDIO_NONINTERLEAVED;
    options.numberOfBuffers = buffer_count;
    options.streamName = client_name_;
    unsigned block_frames = wanted.frames_per_block;
    rtaudio_->openStream(wanted.output_channel_count > 0 ? &output : nullptr,
                         wanted.input_channel_count > 0 ? &input : nullptr, RTAUDIO_FLOAT32,
                         wanted.sample_rate_hz, &block_frames, Streaming::run, this, &options,
                         Streaming::note_error);
    card_block_frames_ = block_frames;
    settings_.sample_rate_hz = rtaudio_->getStreamSampleRate();
    return {};
}

Result<void> RtAudioDevice::start(DeviceCallback& callback)
{
    if (state_ != State::open) {
        return fail(ErrorCode::wrong_state, state_ == State::closed
                                                ? "The device is not open; open it first."
                                                : "The device runs already; stop it first.");
    }
    delivery_.prepare(settings_, callback);
    auto started = guard_rtaudio("The device cannot be started", [this]() -> Result<void> {
        rtaudio_->startStream();
        latency_frames_.store(static_cast<std::uint32_t>(rtaudio_->getStreamLatency()),
                              std::memory_order_relaxed);
        if (!rtaudio_->isStreamRunning() && !delivery_.has_finished())
            return fail(ErrorCode::system, "The device cannot be started: it stopped at once.");
        return {};
    });
    if (started)
        state_ = State::running;
    return started;
}

void RtAudioDevice::stop() noexcept
{
    if (state_ != State::running)
        return;
    look_for_loss();
    if (delivery_.is_lost())
        std::this_thread::sleep_for(farewell);
    static_cast<void>(guard_rtaudio("The device cannot be stopped", [this]() -> Result<void> {
        if (rtaudio_->isStreamRunning())
            rtaudio_->abortStream();
        return {};
    }));
    state_ = State::open;
}

void RtAudioDevice::close() noexcept
{
    stop();
    if (state_ == State::closed)
        return;
    silence_audio_libraries();
    static_cast<void>(guard_rtaudio("The device cannot be closed", [this]() -> Result<void> {
        if (rtaudio_->isStreamOpen())
            rtaudio_->closeStream();
        return {};
    }));
    rtaudio_.reset();
    state_ = State::closed;
}

bool RtAudioDevice::wait_until_finished(std::chrono::milliseconds limit)
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

/// RtAudio closes the stream by itself when JACK is gone, and stops it where an error told us so.
void RtAudioDevice::look_for_loss() noexcept
{
    if (state_ == State::running && !rtaudio_->isStreamRunning() && !delivery_.has_finished())
        delivery_.report_lost();
}

DeviceLatency RtAudioDevice::latency() const noexcept
{
    const std::uint32_t told = latency_frames_.load(std::memory_order_relaxed);
    const bool has_input = settings_.input_channel_count > 0;
    const bool has_output = settings_.output_channel_count > 0;
    return {.input_frames = (has_input ? card_block_frames_ : 0) + (has_output ? 0 : told),
            .output_frames = has_output ? told : 0};
}

}  // namespace outboard::audio
