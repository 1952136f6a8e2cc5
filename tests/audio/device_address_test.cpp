// SPDX-License-Identifier: MIT

#include "audio/device_address.hpp"
#include "audio/device_words.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace {

using outboard::audio::DeviceAddress;
using outboard::audio::ErrorCode;
using outboard::audio::find_name;
using outboard::audio::parse_device_address;

}  // namespace

TEST_SUITE("audio/device_address")
{
    TEST_CASE("an address is back end, API and name, of which the last two may be missing")
    {
        CHECK(*parse_device_address("null") == DeviceAddress{"null", "", ""});
        CHECK(*parse_device_address("portaudio") == DeviceAddress{"portaudio", "", ""});
        CHECK(*parse_device_address("rtaudio:Pulse") == DeviceAddress{"rtaudio", "Pulse", ""});
        CHECK(*parse_device_address("portaudio::x") == DeviceAddress{"portaudio", "", "x"});
    }

    TEST_CASE("a name keeps its colons, and an address its text")
    {
        const std::string text = "portaudio:ALSA:HDA Intel (hw:1,0)";
        const auto address = parse_device_address(text);
        REQUIRE(address);
        CHECK(address->name == "HDA Intel (hw:1,0)");
        for (const char* const whole : {text.c_str(), "null", "rtaudio:JACK", "portaudio::x"})
            CHECK(to_string(*parse_device_address(whole)) == whole);
    }

    TEST_CASE("what is no address is refused with what would be one")
    {
        for (const char* const text : {"", "asio", ":JACK", "Null", "null:ALSA"}) {
            const auto address = parse_device_address(text);
            REQUIRE_FALSE(address);
            CHECK(address.error().code == ErrorCode::invalid_argument);
        }
        CHECK(parse_device_address("asio").error().message.find("null, portaudio or rtaudio") !=
              std::string::npos);
    }

    TEST_CASE("a name is found whole before it is found as a part, and only if that is clear")
    {
        const std::vector<std::string> names{"card", "card 2", "Null Sink", "other card"};
        CHECK(find_name(names, "CARD") == 0);
        CHECK(find_name(names, "null") == 2);
        CHECK(find_name(names, "other") == 3);
        CHECK(find_name(names, "ard") == names.size());
        CHECK(find_name(names, "kazoo") == names.size());
    }
}
