// SPDX-License-Identifier: MIT
#include "audio/portaudio/portaudio_session.hpp"

#include "audio/device_words.hpp"
#include "audio/library_messages.hpp"
#include "audio/portaudio/jack_shutdown.hpp"

#include <pa_jack.h>
#include <portaudio.h>

#include <algorithm>
#include <mutex>

namespace outboard::audio {

namespace {

std::mutex session_mutex;
int session_count = 0;    ///< guarded by session_mutex
std::string client_name;  ///< guarded by session_mutex; PortAudio keeps a pointer to it

std::string short_name(const PaHostApiInfo& api)
{
    switch (api.type) {
        case paALSA: return "ALSA";
        case paJACK: return "JACK";
        case paOSS: return "OSS";
        default: return api.name;
    }
}

PaStreamParameters parameters_of(int device, std::uint32_t channel_count)
{
    return {.device = device,
            .channelCount = static_cast<int>(channel_count),
            .sampleFormat = paFloat32 | paNonInterleaved,
            .suggestedLatency = Pa_GetDeviceInfo(device)->defaultLowOutputLatency,
            .hostApiSpecificStreamInfo = nullptr};
}

DeviceInfo describe(const PortAudioSession& session, const PortAudioSession::Api& api, int device)
{
    const PaDeviceInfo& info = *Pa_GetDeviceInfo(device);
    const PaHostApiInfo& host = *Pa_GetHostApiInfo(api.index);
    const auto inputs = static_cast<std::uint32_t>(std::max(info.maxInputChannels, 0));
    const auto outputs = static_cast<std::uint32_t>(std::max(info.maxOutputChannels, 0));
    // ALSA's plugins offer hundreds of channels, which nobody has.
    const std::uint32_t asked_inputs = std::min(inputs, std::uint32_t{2});
    const std::uint32_t asked_outputs = std::min(outputs, std::uint32_t{2});
    return {.address = {"portaudio", api.name, info.name},
            .input_channel_count_max = inputs,
            .output_channel_count_max = outputs,
            .default_rate_hz = static_cast<std::uint32_t>(info.defaultSampleRate),
            .rates_hz = session.offered_rates_hz(inputs > 0 ? device : -1, asked_inputs,
                                                 outputs > 0 ? device : -1, asked_outputs),
            .is_default_input = host.defaultInputDevice == device,
            .is_default_output = host.defaultOutputDevice == device};
}

}  // namespace

Result<PortAudioSession> PortAudioSession::begin(const std::string& name)
{
    const std::lock_guard lock{session_mutex};
    silence_audio_libraries();
    if (session_count == 0) {
        client_name = name;
        static_cast<void>(PaJack_SetClientName(client_name.c_str()));
    }
    const JackClientRecording recording;
    if (const PaError error = Pa_Initialize(); error != paNoError) {
        return fail(ErrorCode::system,
                    std::string{"PortAudio cannot be used: "} + Pa_GetErrorText(error) + ".");
    }
    ++session_count;
    return PortAudioSession{};
}

PortAudioSession::~PortAudioSession()
{
    if (!is_open_)
        return;
    const std::lock_guard lock{session_mutex};
    silence_audio_libraries();
    static_cast<void>(Pa_Terminate());
    --session_count;
}

Result<PortAudioSession::Api> PortAudioSession::find_api(const DeviceAddress& wanted) const
{
    const std::vector<Api> known = apis();
    if (wanted.api.empty()) {
        const auto with_devices = std::find_if(known.begin(), known.end(), [](const Api& api) {
            return Pa_GetHostApiInfo(api.index)->deviceCount > 0;
        });
        if (with_devices != known.end())
            return *with_devices;
        return tl::unexpected(no_server_error("PortAudio"));
    }
    const auto found = std::find_if(known.begin(), known.end(), [&](const Api& api) {
        return equal_ignoring_case(api.name, wanted.api);
    });
    // PortAudio leaves JACK out when no server runs.
    if (found == known.end() && equal_ignoring_case(wanted.api, "JACK"))
        return tl::unexpected(no_server_error("JACK"));
    if (found == known.end()) {
        std::vector<std::string> names;
        std::transform(known.begin(), known.end(), std::back_inserter(names),
                       [](const Api& api) { return api.name; });
        return tl::unexpected(unknown_api_error(wanted, names));
    }
    if (Pa_GetHostApiInfo(found->index)->deviceCount == 0)
        return tl::unexpected(no_server_error(found->name));
    return *found;
}

Result<int> PortAudioSession::find_device(const Api& api, const DeviceAddress& wanted,
                                          bool is_input) const
{
    const PaHostApiInfo& host = *Pa_GetHostApiInfo(api.index);
    if (wanted.name.empty()) {
        const int device = is_input ? host.defaultInputDevice : host.defaultOutputDevice;
        if (device >= 0)
            return device;
        return fail(ErrorCode::not_found, api.name + " has no default device for " +
                                              (is_input ? "input" : "output") +
                                              ". `outboard devices` lists what there is.");
    }
    std::vector<std::string> names;
    names.reserve(static_cast<std::size_t>(host.deviceCount));
    for (int index = 0; index < host.deviceCount; ++index) {
        names.emplace_back(
            Pa_GetDeviceInfo(Pa_HostApiDeviceIndexToDeviceIndex(api.index, index))->name);
    }
    const std::size_t found = find_name(names, wanted.name);
    if (found == names.size())
        return tl::unexpected(unknown_device_error({"portaudio", api.name, wanted.name}, names));
    return Pa_HostApiDeviceIndexToDeviceIndex(api.index, static_cast<int>(found));
}

std::vector<std::uint32_t> PortAudioSession::offered_rates_hz(
    int input, std::uint32_t input_channel_count, int output,
    std::uint32_t output_channel_count) const
{
    std::vector<std::uint32_t> rates_hz;
    PaStreamParameters input_parameters{};
    PaStreamParameters output_parameters{};
    if (input >= 0)
        input_parameters = parameters_of(input, input_channel_count);
    if (output >= 0)
        output_parameters = parameters_of(output, output_channel_count);
    for (const std::uint32_t rate_hz : usual_rates_hz()) {
        if (Pa_IsFormatSupported(input >= 0 ? &input_parameters : nullptr,
                                 output >= 0 ? &output_parameters : nullptr,
                                 rate_hz) == paFormatIsSupported)
            rates_hz.push_back(rate_hz);
    }
    return rates_hz;
}

DeviceCatalog PortAudioSession::catalog() const
{
    DeviceCatalog catalog;
    bool has_jack = false;
    for (const Api& api : apis()) {
        const int device_count = Pa_GetHostApiInfo(api.index)->deviceCount;
        has_jack = has_jack || api.is_jack;
        catalog.apis.push_back(
            {"portaudio", api.name, device_count > 0 ? "" : no_server_error(api.name).message});
        for (int index = 0; index < device_count; ++index) {
            catalog.devices.push_back(
                describe(*this, api, Pa_HostApiDeviceIndexToDeviceIndex(api.index, index)));
        }
    }
    if (!has_jack)
        catalog.apis.push_back({"portaudio", "JACK", no_server_error("JACK").message});
    return catalog;
}

std::vector<PortAudioSession::Api> PortAudioSession::apis() const
{
    std::vector<Api> all;
    for (int index = 0; index < Pa_GetHostApiCount(); ++index) {
        const PaHostApiInfo& api = *Pa_GetHostApiInfo(index);
        all.push_back({index, short_name(api), api.type == paJACK});
    }
    return all;
}

}  // namespace outboard::audio
