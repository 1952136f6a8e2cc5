// SPDX-License-Identifier: MIT
#include "audio/device_catalog.hpp"

#include "audio/null_device.hpp"
#if OB_WITH_PORTAUDIO
#  include "audio/portaudio/portaudio_device.hpp"
#endif
#if OB_WITH_RTAUDIO
#  include "audio/rtaudio/rtaudio_device.hpp"
#endif

#include "audio/device_words.hpp"

#include <algorithm>
#include <iterator>

namespace outboard::audio {

namespace {

DeviceInfo null_device()
{
    return {.address = {"null", "", ""},
            .input_channel_count_max = 64,
            .output_channel_count_max = 64,
            .default_rate_hz = 48'000,
            .rates_hz = usual_rates_hz(),
            .is_default_input = true,
            .is_default_output = true};
}

void append(DeviceCatalog& catalog, DeviceCatalog more)
{
    std::move(more.apis.begin(), more.apis.end(), std::back_inserter(catalog.apis));
    std::move(more.devices.begin(), more.devices.end(), std::back_inserter(catalog.devices));
}

[[maybe_unused]] std::string not_built(const std::string& backend, const std::string& package)
{
    return "This build has no " + backend + ": install " + package + " and build Outboard again.";
}

/// Of a back end that is not "null".
DeviceCatalog list_of(const std::string& backend)
{
    if (backend == "portaudio") {
#if OB_WITH_PORTAUDIO
        return list_portaudio_devices();
#else
        return {.apis = {{"portaudio", "", not_built("PortAudio", "portaudio19-dev")}},
                .devices = {}};
#endif
    }
#if OB_WITH_RTAUDIO
    return list_rtaudio_devices();
#else
    return {.apis = {{"rtaudio", "", not_built("RtAudio", "librtaudio-dev")}}, .devices = {}};
#endif
}

}  // namespace

const std::vector<std::uint32_t>& usual_rates_hz()
{
    static const std::vector<std::uint32_t> rates_hz{8'000,  16'000, 22'050, 32'000,  44'100,
                                                     48'000, 88'200, 96'000, 176'400, 192'000};
    return rates_hz;
}

DeviceCatalog list_devices()
{
    DeviceCatalog catalog{.apis = {{"null", "", ""}}, .devices = {null_device()}};
    append(catalog, list_of("portaudio"));
    append(catalog, list_of("rtaudio"));
    return catalog;
}

Result<DeviceInfo> find_device(const DeviceAddress& address, bool is_input)
{
    if (address.backend == "null")
        return null_device();
    DeviceCatalog catalog = list_of(address.backend);
    const auto api = std::find_if(catalog.apis.begin(), catalog.apis.end(), [&](const auto& known) {
        return address.api.empty() ? known.problem.empty()
                                   : equal_ignoring_case(known.name, address.api);
    });
    if (api == catalog.apis.end()) {
        std::vector<std::string> names;
        for (const HostApi& known : catalog.apis)
            names.push_back(known.name);
        return tl::unexpected(unknown_api_error(address, names));
    }
    if (!api->problem.empty())
        return fail(ErrorCode::no_server, api->problem);

    std::erase_if(catalog.devices, [&](const DeviceInfo& device) {
        const std::uint32_t channels =
            is_input ? device.input_channel_count_max : device.output_channel_count_max;
        return device.address.api != api->name || channels == 0;
    });
    std::vector<std::string> names;
    for (const DeviceInfo& device : catalog.devices)
        names.push_back(device.address.name);
    std::size_t found = address.name.empty() ? 0 : find_name(names, address.name);
    for (std::size_t index = 0; address.name.empty() && index < names.size(); ++index) {
        const DeviceInfo& device = catalog.devices[index];
        if (is_input ? device.is_default_input : device.is_default_output)
            found = index;
    }
    if (found >= names.size()) {
        return tl::unexpected(
            unknown_device_error({address.backend, api->name, address.name}, names));
    }
    return catalog.devices[found];
}

Result<std::unique_ptr<Device>> make_device(const DeviceAddress& address,
                                            const DeviceOptions& options)
{
    return make_device(address, address, options);
}

Result<std::unique_ptr<Device>> make_device(const DeviceAddress& input, const DeviceAddress& output,
                                            const DeviceOptions& options)
{
    if (input.backend == "null")
        return std::make_unique<NullDevice>(options.is_free_paced ? Pace::free : Pace::realtime);
    if (input.backend == "portaudio") {
#if OB_WITH_PORTAUDIO
        return std::make_unique<PortAudioDevice>(input, output, options.client_name);
#else
        return fail(ErrorCode::unsupported, not_built("PortAudio", "portaudio19-dev"));
#endif
    }
#if OB_WITH_RTAUDIO
    return std::make_unique<RtAudioDevice>(input, output, options.client_name);
#else
    static_cast<void>(output);
    return fail(ErrorCode::unsupported, not_built("RtAudio", "librtaudio-dev"));
#endif
}

}  // namespace outboard::audio
