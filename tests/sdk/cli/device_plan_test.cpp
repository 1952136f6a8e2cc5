// SPDX-License-Identifier: MIT

#include "sdk/cli/device_plan.hpp"
#include "sdk/cli/devices_command.hpp"
#include "sdk/cli/failure.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace {

using outboard::cli::DevicePlan;
using outboard::cli::Failure;
using outboard::cli::plan_devices;
using Words = std::vector<std::string>;

std::string input_of(const DevicePlan& plan)
{
    return plan.input ? to_string(*plan.input) : "";
}

std::string output_of(const DevicePlan& plan)
{
    return plan.output ? to_string(*plan.output) : "";
}

DevicePlan plan(const std::string& device, Words inputs, std::string output)
{
    return plan_devices(device, inputs, output);
}

}  // namespace

TEST_SUITE("sdk/cli/device_plan")
{
    TEST_CASE("a device takes the place of what is not given")
    {
        const DevicePlan both = plan("portaudio:JACK", {}, "");
        CHECK(input_of(both) == "portaudio:JACK");
        CHECK(output_of(both) == "portaudio:JACK");
        const DevicePlan player = plan("null", {"a.wav"}, "");
        CHECK_FALSE(player.input);
        CHECK(output_of(player) == "null");
        const DevicePlan recorder = plan("null", {}, "take.wav");
        CHECK(input_of(recorder) == "null");
        CHECK_FALSE(recorder.output);
        CHECK_FALSE(plan("", {"a.wav"}, "b.wav").has_device());
    }

    TEST_CASE("devices in place of files are taken out, and files stay")
    {
        Words inputs{"device:rtaudio:JACK:a"};
        std::string output = "device:rtaudio:jack:b";
        const DevicePlan two = plan_devices("", inputs, output);
        CHECK(input_of(two) == "rtaudio:JACK:a");
        CHECK(output_of(two) == "rtaudio:jack:b");
        CHECK(inputs.empty());
        CHECK(output.empty());

        Words files{"a.wav", "tone:100"};
        std::string file = "b.wav";
        CHECK_FALSE(plan_devices("", files, file).has_device());
        CHECK(files.size() == 2);
        CHECK(file == "b.wav");
    }

    TEST_CASE("what does not fit together is refused")
    {
        CHECK_THROWS_AS(plan("null", {"a.wav"}, "b.wav"), Failure);
        CHECK_THROWS_AS(plan("", {"device:null", "a.wav"}, ""), Failure);
        CHECK_THROWS_AS(plan("", {"device:null"}, "device:portaudio"), Failure);
        CHECK_THROWS_AS(plan("", {"device:rtaudio:JACK"}, "device:rtaudio:Pulse"), Failure);
        CHECK_THROWS_AS(plan("asio", {}, ""), Failure);
    }

    TEST_CASE("the table shows devices, and the problems of APIs below")
    {
        outboard::audio::DeviceCatalog catalog;
        catalog.apis = {{"portaudio", "JACK", "No server."}, {"null", "", ""}};
        catalog.devices = {{.address = {"null", "", ""},
                            .input_channel_count_max = 2,
                            .output_channel_count_max = 4,
                            .default_rate_hz = 48'000,
                            .rates_hz = {48'000},
                            .is_default_input = false,
                            .is_default_output = true}};
        CHECK(outboard::cli::device_table(catalog) ==
              "ADDRESS    IN   OUT     RATE  DEFAULT FOR\n"
              "null        2     4    48000  out\n"
              "\nportaudio:JACK: No server.\n");
        CHECK(outboard::cli::device_json(catalog).find("\"address\": \"null\"") !=
              std::string::npos);
    }
}
