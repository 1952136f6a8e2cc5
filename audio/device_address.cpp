// SPDX-License-Identifier: MIT
#include "audio/device_address.hpp"

#include <algorithm>

namespace outboard::audio {

namespace {

char to_lower(char letter) noexcept
{
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

/// Takes what is in front of the next colon off `rest`.
std::string next_part(std::string_view& rest)
{
    const std::size_t colon = rest.find(':');
    std::string part{rest.substr(0, colon)};
    rest = colon == std::string_view::npos ? std::string_view{} : rest.substr(colon + 1);
    return part;
}

}  // namespace

Result<DeviceAddress> parse_device_address(std::string_view text)
{
    std::string_view rest = text;
    DeviceAddress address;
    address.backend = next_part(rest);
    if (address.backend != "null" && address.backend != "portaudio" &&
        address.backend != "rtaudio") {
        return fail(ErrorCode::invalid_argument,
                    "'" + address.backend +
                        "' is no back end: write null, portaudio or rtaudio, "
                        "e.g. portaudio:JACK. `outboard devices` lists what "
                        "there is.");
    }
    address.api = next_part(rest);
    address.name = rest;
    if (address.backend == "null" && !address.api.empty()) {
        return fail(ErrorCode::invalid_argument,
                    "'" + std::string{text} + "': there is only one null device; write null.");
    }
    return address;
}

std::string to_string(const DeviceAddress& address)
{
    std::string text = address.backend;
    if (!address.api.empty() || !address.name.empty())
        text += ':' + address.api;
    if (!address.name.empty())
        text += ':' + address.name;
    return text;
}

bool equal_ignoring_case(std::string_view left, std::string_view right) noexcept
{
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](char a, char b) { return to_lower(a) == to_lower(b); });
}

}  // namespace outboard::audio
