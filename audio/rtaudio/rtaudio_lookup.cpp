// SPDX-License-Identifier: MIT
#include "audio/rtaudio/rtaudio_lookup.hpp"

#include "audio/device_words.hpp"
#include "audio/library_messages.hpp"
#include "audio/rtaudio/rtaudio_device.hpp"

#include <algorithm>
#include <exception>

namespace outboard::audio {

namespace {

std::string name_of(RtAudio::Api api)
{
    switch (api) {
        case RtAudio::UNIX_JACK: return "JACK";
        case RtAudio::LINUX_PULSE: return "Pulse";
        case RtAudio::LINUX_ALSA: return "ALSA";
        default: return RtAudio::getApiDisplayName(api);
    }
}

unsigned device_count_of(RtAudio::Api api)
{
    RtAudio rtaudio{api};
    rtaudio.showWarnings(false);
    return rtaudio.getDeviceCount();
}

DeviceInfo describe(const RtAudio::DeviceInfo& info, const std::string& api)
{
    return {.address = {"rtaudio", api, info.name},
            .input_channel_count_max = info.inputChannels,
            .output_channel_count_max = info.outputChannels,
            .default_rate_hz = info.preferredSampleRate,
            .rates_hz = {info.sampleRates.begin(), info.sampleRates.end()},
            .is_default_input = info.isDefaultInput,
            .is_default_output = info.isDefaultOutput};
}

void add_devices(DeviceCatalog& catalog, const RtAudioApi& api)
{
    RtAudio rtaudio{api.id};
    rtaudio.showWarnings(false);
    const unsigned count = rtaudio.getDeviceCount();
    for (unsigned index = 0; index < count; ++index) {
        const RtAudio::DeviceInfo info = rtaudio.getDeviceInfo(index);
        if (info.probed)
            catalog.devices.push_back(describe(info, api.name));
    }
    catalog.apis.push_back(
        {"rtaudio", api.name, count > 0 ? "" : no_server_error(api.name).message});
}

unsigned default_device(RtAudio& rtaudio, bool is_input)
{
    const unsigned count = rtaudio.getDeviceCount();
    for (const bool must_be_default : {true, false}) {
        for (unsigned index = 0; index < count; ++index) {
            const RtAudio::DeviceInfo info = rtaudio.getDeviceInfo(index);
            const unsigned channels = is_input ? info.inputChannels : info.outputChannels;
            const bool is_default = is_input ? info.isDefaultInput : info.isDefaultOutput;
            if (info.probed && channels > 0 && (is_default || !must_be_default))
                return index;
        }
    }
    return count;
}

}  // namespace

std::vector<RtAudioApi> rtaudio_apis()
{
    std::vector<RtAudio::Api> ids;
    RtAudio::getCompiledApi(ids);
    std::vector<RtAudioApi> apis;
    for (const RtAudio::Api id : ids) {
        if (id != RtAudio::RTAUDIO_DUMMY)
            apis.push_back({id, name_of(id)});
    }
    return apis;
}

Result<RtAudioApi> find_rtaudio_api(const DeviceAddress& wanted)
{
    silence_audio_libraries();
    const std::vector<RtAudioApi> known = rtaudio_apis();
    const auto found = std::find_if(known.begin(), known.end(), [&](const RtAudioApi& api) {
        return wanted.api.empty() ? device_count_of(api.id) > 0
                                  : equal_ignoring_case(api.name, wanted.api);
    });
    if (found == known.end() && wanted.api.empty())
        return tl::unexpected(no_server_error("RtAudio"));
    if (found == known.end()) {
        std::vector<std::string> names;
        std::transform(known.begin(), known.end(), std::back_inserter(names),
                       [](const RtAudioApi& api) { return api.name; });
        return tl::unexpected(unknown_api_error(wanted, names));
    }
    if (device_count_of(found->id) == 0)
        return tl::unexpected(no_server_error(found->name));
    return *found;
}

Result<unsigned> find_rtaudio_device(RtAudio& rtaudio, const RtAudioApi& api,
                                     const DeviceAddress& wanted, bool is_input)
{
    const unsigned count = rtaudio.getDeviceCount();
    if (wanted.name.empty()) {
        const unsigned device = default_device(rtaudio, is_input);
        if (device < count)
            return device;
        return fail(ErrorCode::not_found, api.name + " has no device for " +
                                              (is_input ? "input" : "output") +
                                              ". `outboard devices` lists what there is.");
    }
    std::vector<std::string> names;
    for (unsigned index = 0; index < count; ++index)
        names.push_back(rtaudio.getDeviceInfo(index).name);
    const std::size_t found = find_name(names, wanted.name);
    if (found == names.size())
        return tl::unexpected(unknown_device_error({"rtaudio", api.name, wanted.name}, names));
    return static_cast<unsigned>(found);
}

Result<void> guard_rtaudio(const std::string& what, const std::function<Result<void>()>& work)
{
    try {
        return work();
    } catch (const std::exception& error) {  // RtAudioError is one
        return fail(ErrorCode::system, what + ": " + error.what());
    }
}

DeviceCatalog list_rtaudio_devices()
{
    silence_audio_libraries();
    DeviceCatalog catalog;
    for (const RtAudioApi& api : rtaudio_apis()) {
        const auto listed = guard_rtaudio(api.name + " cannot be asked", [&]() -> Result<void> {
            add_devices(catalog, api);
            return {};
        });
        if (!listed)
            catalog.apis.push_back({"rtaudio", api.name, listed.error().message});
    }
    return catalog;
}

}  // namespace outboard::audio
