// SPDX-License-Identifier: MIT
//
// What every device promises, whatever is behind it. Built once for each back end: OB_DEVICE is its
// address, OB_SERVER what has to run for it. Durations are never asserted.

#include "audio/device_catalog.hpp"
#include "audio/device_settings.hpp"

#include "tests/audio/devices/recording_callback.hpp"
#include "tests/audio/devices/test_server.hpp"
#include "tests/support/skip.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <numeric>

namespace {

using namespace outboard::audio;
using outboard::test::RecordingCallback;
using outboard::test::TestServer;

constexpr std::chrono::seconds limit{30};

std::unique_ptr<Device> device_under_test()
{
    const auto address = parse_device_address(OB_DEVICE);
    REQUIRE(address);
    auto device = make_device(*address, {.client_name = "suite", .is_free_paced = false});
    REQUIRE(device);
    return std::move(*device);
}

void run_to_end(Device& device, RecordingCallback& callback)
{
    auto started = device.start(callback);
    // A server that a stalled machine kept waiting turns a client away; not three times in a row.
    for (int attempt = 1; !started && attempt < 3; ++attempt)
        started = device.start(callback);
    REQUIRE_MESSAGE(started, started.error().message);
    REQUIRE(device.wait_until_finished(limit));
    CHECK_FALSE(device.is_lost());
    device.stop();
}

void open(Device& device, const DeviceSettings& settings = {})
{
    const auto opened = device.open(settings);
    REQUIRE_MESSAGE(opened, opened.error().message);
}

}  // namespace

TEST_SUITE("audio/devices")
{
    TEST_CASE("calls out of order are refused, and stopping or closing twice is none")
    {
        const TestServer server{OB_SERVER};
        if (!server.is_ready())
            return;
        RecordingCallback callback{1 << 20U};
        const auto device = device_under_test();
        CHECK(device->start(callback).error().code == ErrorCode::wrong_state);
        open(*device);
        CHECK(device->open({}).error().code == ErrorCode::wrong_state);
        device->stop();
        REQUIRE(device->start(callback));
        CHECK(device->start(callback).error().code == ErrorCode::wrong_state);
        device->stop();
        device->stop();
        device->close();
        device->close();
    }

    TEST_CASE("settings that no device can have are refused with the range")
    {
        const TestServer server{OB_SERVER};
        if (!server.is_ready())
            return;
        const auto device = device_under_test();
        CHECK(device->open({.sample_rate_hz = 0}).error().code == ErrorCode::invalid_argument);
        CHECK(device->open({.input_channel_count = 0, .output_channel_count = 0}).error().code ==
              ErrorCode::invalid_argument);
        CHECK(device->open({.frames_per_block = 0}).error().message ==
              "A block size of 0 is out of range: use 1 to 65536.");
        open(*device);
    }

    TEST_CASE("blocks come in order, none larger than agreed, and none after the last")
    {
        const TestServer server{OB_SERVER};
        if (!server.is_ready())
            return;
        RecordingCallback callback{24'000};
        const auto device = device_under_test();
        open(*device, {.frames_per_block = 64});
        run_to_end(*device, callback);

        std::uint64_t frame = 0;
        for (std::size_t block = 0; block < callback.counts.size(); ++block) {
            CHECK(callback.times[block].stream_frame == frame);
            CHECK(callback.counts[block] >= 1);
            CHECK(callback.counts[block] <= device->settings().frames_per_block);
            frame += callback.counts[block];
        }
        CHECK(frame >= 24'000);
        CHECK(frame - callback.counts.back() < 24'000);
        CHECK(callback.frames == frame);
        CHECK(callback.input_count == 2);
        CHECK(callback.output_count == 2);

        const DeviceStatistics statistics = device->statistics();
        CHECK(statistics.blocks == callback.counts.size());
        CHECK(statistics.frames == frame);
        CHECK(statistics.xruns == callback.xrun_count);
    }

    TEST_CASE("blocks smaller than the card's are slices of it")
    {
        const TestServer server{OB_SERVER};
        if (!server.is_ready())
            return;
        RecordingCallback callback{4'800};
        const auto device = device_under_test();
        open(*device, {.frames_per_block = 24});
        run_to_end(*device, callback);
        CHECK(*std::max_element(callback.counts.begin(), callback.counts.end()) <= 24);
        CHECK(std::accumulate(callback.counts.begin(), callback.counts.end(), 0U) >= 4'800);
    }

    TEST_CASE("what is captured comes before what is played, and both go on with the stream")
    {
        const TestServer server{OB_SERVER};
        if (!server.is_ready())
            return;
        RecordingCallback callback{48'000};
        const auto device = device_under_test();
        open(*device);
        run_to_end(*device, callback);
        REQUIRE(callback.times.size() > 10);
        for (const BlockTime& time : callback.times)
            CHECK(time.capture_ns <= time.playback_ns);
        CHECK(callback.times.back().playback_ns > callback.times.front().playback_ns);
        CHECK(callback.times.back().capture_ns > callback.times.front().capture_ns);
    }

    TEST_CASE("the thread's start is told once in each run, on that thread, before its first block")
    {
        const TestServer server{OB_SERVER};
        if (!server.is_ready())
            return;
        int start_count = 0;
        std::thread::id thread;
        std::uint64_t frames_before = 0;
        RecordingCallback callback{4'800};
        RecordingCallback second{4'800};
        const auto device = device_under_test();
        open(*device, {.on_thread_start = [&] {
            ++start_count;
            thread = std::this_thread::get_id();
            frames_before += callback.frames;
        }});
        run_to_end(*device, callback);
        CHECK(start_count == 1);
        CHECK(thread == callback.thread);
        CHECK(thread != std::this_thread::get_id());
        CHECK(frames_before == 0);

        run_to_end(*device, second);
        CHECK(start_count == 2);
        CHECK(thread == second.thread);
        CHECK(second.times.front().stream_frame == 0);
        CHECK(device->statistics().frames == second.frames);
    }

    TEST_CASE("input alone and output alone are streams too")
    {
        const TestServer server{OB_SERVER};
        if (!server.is_ready())
            return;
        for (const bool is_input : {true, false}) {
            RecordingCallback callback{4'800};
            const auto device = device_under_test();
            open(*device, {.input_channel_count = is_input ? 1U : 0U,
                           .output_channel_count = is_input ? 0U : 1U});
            run_to_end(*device, callback);
            CHECK(callback.input_count == (is_input ? 1 : 0));
            CHECK(callback.output_count == (is_input ? 0 : 1));
            CHECK(callback.recorded.size() == (is_input ? callback.frames.load() : 0));
        }
    }

    TEST_CASE("a stream that runs can be stopped, and the device opened again")
    {
        const TestServer server{OB_SERVER};
        if (!server.is_ready())
            return;
        const auto device = device_under_test();
        for (int life = 0; life < 3; ++life) {
            RecordingCallback callback{1 << 20U};
            open(*device);
            REQUIRE(device->start(callback));
            CHECK_FALSE(device->wait_until_finished(std::chrono::milliseconds{100}));
            device->stop();
            const std::uint64_t frames = callback.frames;
            CHECK(frames > 0);
            std::this_thread::sleep_for(std::chrono::milliseconds{50});
            CHECK(callback.frames == frames);
            device->close();
        }
    }

    TEST_CASE("it is listed, with the channels and the rate it was used with")
    {
        const TestServer server{OB_SERVER};
        if (!server.is_ready())
            return;
        const auto address = parse_device_address(OB_DEVICE);
        REQUIRE(address);
        const DeviceCatalog catalog = list_devices();
        std::uint32_t input_channel_count = 0;
        std::uint32_t output_channel_count = 0;
        for (const DeviceInfo& device : catalog.devices) {
            if (device.address.backend != address->backend || device.address.api != address->api)
                continue;
            input_channel_count = std::max(input_channel_count, device.input_channel_count_max);
            output_channel_count = std::max(output_channel_count, device.output_channel_count_max);
            CHECK(std::find(device.rates_hz.begin(), device.rates_hz.end(), 48'000) !=
                  device.rates_hz.end());
        }
        CHECK(input_channel_count >= 2);
        CHECK(output_channel_count >= 2);
        const auto api =
            std::find_if(catalog.apis.begin(), catalog.apis.end(), [&](const HostApi& host_api) {
                return host_api.backend == address->backend && host_api.name == address->api;
            });
        REQUIRE(api != catalog.apis.end());
        CHECK(api->problem.empty());
    }
}
