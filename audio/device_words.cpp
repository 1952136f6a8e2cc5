// SPDX-License-Identifier: MIT
#include "audio/device_words.hpp"

#include <algorithm>
#include <cctype>

namespace outboard::audio {

namespace {

std::string quoted_list(std::span<const std::string> names)
{
    std::string text;
    for (const std::string& name : names)
        text += (text.empty() ? "'" : ", '") + name + "'";
    return text.empty() ? "none" : text;
}

std::string lower(std::string_view text)
{
    std::string result{text};
    std::transform(result.begin(), result.end(), result.begin(), [](char letter) {
        return static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    });
    return result;
}

}  // namespace

std::string server_remedy(std::string_view api)
{
    if (equal_ignoring_case(api, "JACK")) {
        return "Start one, e.g. `jackd -d alsa`, or run the program under `pw-jack`; "
               "JACK_DEFAULT_SERVER names one that has not the usual name.";
    }
    if (equal_ignoring_case(api, "Pulse"))
        return "Start one with `pulseaudio --start`, or PipeWire with its pipewire-pulse.";
    return "Is a sound card plugged in, and are you in the group audio?";
}

Error no_server_error(std::string_view api)
{
    const bool is_server = equal_ignoring_case(api, "JACK") || equal_ignoring_case(api, "Pulse");
    const std::string what = is_server ? "No " + std::string{api} + " server is running. "
                                       : std::string{api} + " offers no device. ";
    return {is_server ? ErrorCode::no_server : ErrorCode::not_found, what + server_remedy(api)};
}

Error unknown_api_error(const DeviceAddress& wanted, std::span<const std::string> known)
{
    return {ErrorCode::not_found, wanted.backend + " has no host API '" + wanted.api +
                                      "'; there are: " + quoted_list(known) + "."};
}

Error unknown_device_error(const DeviceAddress& wanted, std::span<const std::string> known)
{
    return {ErrorCode::not_found, "There is no device '" + wanted.name + "' at " + wanted.backend +
                                      ":" + wanted.api +
                                      ", or more than one; there are: " + quoted_list(known) + "."};
}

Error channel_count_error(const DeviceAddress& device, Direction direction, std::uint32_t wanted,
                          std::uint32_t offered)
{
    const std::string what = direction == Direction::input ? "input" : "output";
    return {ErrorCode::unsupported, "'" + to_string(device) + "' has no " + std::to_string(wanted) +
                                        " " + what + " channels: it offers " +
                                        std::to_string(offered) + "."};
}

Error rate_error(const DeviceAddress& device, std::uint32_t wanted_hz,
                 std::span<const std::uint32_t> offered_hz)
{
    std::string rates;
    for (const std::uint32_t rate_hz : offered_hz)
        rates += (rates.empty() ? "" : ", ") + std::to_string(rate_hz);
    return {ErrorCode::unsupported,
            "'" + to_string(device) + "' does not run at " + std::to_string(wanted_hz) +
                " Hz; it offers: " + (rates.empty() ? "no usual rate" : rates) + "."};
}

Error busy_error(const DeviceAddress& device)
{
    return {ErrorCode::busy, "'" + to_string(device) +
                                 "' is used by another program. End that one, or use a sound "
                                 "server that lets programs share it."};
}

std::size_t find_name(std::span<const std::string> names, std::string_view wanted)
{
    const auto same = std::find_if(names.begin(), names.end(), [&](const std::string& name) {
        return equal_ignoring_case(name, wanted);
    });
    if (same != names.end())
        return static_cast<std::size_t>(same - names.begin());

    const std::string part = lower(wanted);
    std::size_t found = names.size();
    for (std::size_t index = 0; index < names.size(); ++index) {
        if (lower(names[index]).find(part) == std::string::npos)
            continue;
        if (found != names.size())
            return names.size();
        found = index;
    }
    return found;
}

}  // namespace outboard::audio
