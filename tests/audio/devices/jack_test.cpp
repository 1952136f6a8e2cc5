// SPDX-License-Identifier: MIT
//
// PortAudio and RtAudio with a real JACK server: latency to the frame, errors in words, xruns, and
// the server's death.

#include "audio/device_catalog.hpp"
#include "audio/reopening_device.hpp"

#include "tests/audio/devices/jack_server.hpp"
#include "tests/audio/devices/recording_callback.hpp"

#include <doctest/doctest.h>

#include <array>
#include <filesystem>
#include <iterator>
#include <memory>
#include <string>

namespace {

using namespace std::chrono_literals;
using namespace outboard::audio;
using outboard::test::JackCable;
using outboard::test::JackServer;
using outboard::test::measure_lag;
using outboard::test::RecordingCallback;

constexpr auto limit = 30s;
constexpr std::array backends{"portaudio", "rtaudio"};

std::unique_ptr<Device> jack_device(const std::string& backend, const std::string& name = "")
{
    auto device = make_device({backend, "JACK", name},
                              {.client_name = "outboard-test", .is_free_paced = false});
    REQUIRE(device);
    return std::move(*device);
}

void start(JackServer& server)
{
    const bool has_started = server.start();
    REQUIRE_MESSAGE(has_started, server.log());
}

std::string open_problem(Device& device, const DeviceSettings& settings)
{
    const auto opened = device.open(settings);
    return opened ? "" : opened.error().message;
}

bool contains(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

std::ptrdiff_t open_file_count()
{
    return std::distance(std::filesystem::directory_iterator{"/proc/self/fd"}, {});
}

std::ptrdiff_t thread_count()
{
    return std::distance(std::filesystem::directory_iterator{"/proc/self/task"}, {});
}

/// Waits until `condition` holds.
template <typename Condition>
bool eventually(const Condition& condition)
{
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end)
            return false;
        std::this_thread::sleep_for(5ms);
    }
    return true;
}

}  // namespace

TEST_SUITE("audio/jack")
{
    TEST_CASE("the latency told is the one measured through a cable, to the frame")
    {
        if (!JackServer::is_available())
            return;
        for (const std::string backend : backends) {
            for (const std::uint32_t delay_frames : {0U, 37U, 1'000U}) {
                CAPTURE(backend);
                CAPTURE(delay_frames);
                JackServer server;
                start(server);
                const JackCable cable{2, delay_frames};
                RecordingCallback callback{24'000};
                const auto device = jack_device(backend, JackCable::name);
                REQUIRE(open_problem(*device, {}).empty());
                REQUIRE(device->start(callback));
                REQUIRE(device->wait_until_finished(limit));
                const DeviceLatency latency = device->latency();
                device->close();

                const std::uint64_t measured = measure_lag(callback.recorded);
                CHECK(measured >= JackServer::period_frames + delay_frames);
                CHECK(latency.input_frames + latency.output_frames == measured);
            }
        }
    }

    TEST_CASE("what cannot be had is said in words, with what can be")
    {
        if (!JackServer::is_available())
            return;
        JackServer server;
        for (const std::string backend : backends) {
            CAPTURE(backend);
            const auto device = jack_device(backend);
            const auto opened = device->open({});
            REQUIRE_FALSE(opened);
            CHECK(opened.error().code == ErrorCode::no_server);
            CHECK(contains(opened.error().message, "No JACK server is running"));
            CHECK(contains(opened.error().message, "jackd -d alsa"));
        }
        start(server);
        for (const std::string backend : backends) {
            CAPTURE(backend);
            const auto device = jack_device(backend);
            const std::string rate = open_problem(*device, {.sample_rate_hz = 44'100});
            CHECK(contains(rate, "does not run at 44100 Hz; it offers: 48000."));
            const std::string channels = open_problem(*device, {.output_channel_count = 9});
            CHECK(contains(channels, "has no 9 output channels: it offers 2."));
            const auto stranger = jack_device(backend, "kazoo");
            const std::string name = open_problem(*stranger, {});
            CHECK(contains(name, "There is no device 'kazoo'"));
            CHECK(contains(name, "'system'"));
            auto nowhere = make_device({backend, "Gramophone", ""}, {});
            REQUIRE(nowhere);
            const std::string api = open_problem(**nowhere, {});
            CHECK(contains(api, "has no host API 'Gramophone'"));
            CHECK(contains(api, "'JACK'"));
        }
    }

    TEST_CASE("a block that is late is an xrun, counted and told")
    {
        if (!JackServer::is_available())
            return;
        JackServer server;
        start(server);
        for (const std::string backend : backends) {
            CAPTURE(backend);
            RecordingCallback callback{48'000};
            callback.stall_after = 12'000;
            callback.stall = 200ms;
            const auto device = jack_device(backend);
            REQUIRE(open_problem(*device, {}).empty());
            REQUIRE(device->start(callback));
            REQUIRE(device->wait_until_finished(limit));
            device->stop();
            const DeviceStatistics statistics = device->statistics();
            CHECK(statistics.xruns >= 1);
            CHECK(statistics.overruns >= 1);
            CHECK(statistics.longest_process_ns >= 200'000'000);
            REQUIRE_FALSE(callback.events.empty());
            CHECK(callback.events.front().kind == DeviceEventKind::xrun);
        }
    }

    TEST_CASE("a server that dies is a loss that is told, and leaves nothing behind")
    {
        if (!JackServer::is_available())
            return;
        for (const std::string backend : backends) {
            CAPTURE(backend);
            JackServer server;
            std::ptrdiff_t files = 0;
            std::ptrdiff_t threads = 0;
            for (int life = 0; life < 4; ++life) {
                start(server);
                RecordingCallback callback{1 << 24U};
                const auto device = jack_device(backend);
                REQUIRE(open_problem(*device, {}).empty());
                REQUIRE(device->start(callback));
                REQUIRE(eventually([&] { return callback.frames > 4'800; }));
                server.kill();
                REQUIRE(device->wait_until_finished(limit));
                CHECK(device->is_lost());
                device->close();
                REQUIRE_FALSE(callback.events.empty());
                CHECK(callback.events.back().kind == DeviceEventKind::lost);
                CHECK(callback.events.back().stream_frame == callback.frames);
                // The libraries keep some things from their first use on.
                if (life == 1) {
                    files = open_file_count();
                    threads = thread_count();
                }
            }
            CHECK(open_file_count() <= files);
            CHECK(eventually([&] { return thread_count() <= threads; }));
        }
    }

    TEST_CASE("a stream goes on by itself when its server is back, and tells the gap")
    {
        if (!JackServer::is_available())
            return;
        for (const std::string backend : backends) {
            CAPTURE(backend);
            JackServer server;
            start(server);
            RecordingCallback callback{1 << 24U};
            ReopeningDevice device{jack_device(backend), {.first = 50ms, .longest = 200ms}};
            REQUIRE(open_problem(device, {}).empty());
            REQUIRE(device.start(callback));
            for (std::uint64_t death = 1; death <= 2; ++death) {
                const std::uint64_t before = callback.frames;
                REQUIRE(eventually([&] { return callback.frames > before + 4'800; }));
                server.kill();
                REQUIRE(eventually([&] { return device.losses().is_away; }));
                REQUIRE(eventually([&] { return device.losses().problem.has_value(); }));
                CHECK(device.losses().problem->code == ErrorCode::no_server);
                start(server);
                REQUIRE(eventually([&] { return callback.backs == death; }));
                const std::uint64_t resumed = callback.frames;
                REQUIRE(eventually([&] { return callback.frames > resumed + 4'800; }));
            }
            device.stop();
            CHECK(device.losses().count == 2);
            CHECK_FALSE(device.losses().is_away);
            CHECK(device.statistics().frames == callback.frames);

            std::uint64_t frame = 0;
            for (std::size_t block = 0; block < callback.counts.size(); ++block) {
                REQUIRE(callback.times[block].stream_frame == frame);
                frame += callback.counts[block];
            }
            for (const DeviceEvent& event : callback.events) {
                if (event.kind == DeviceEventKind::back)
                    CHECK(event.lost_frames > 48'000 / 20);  // the first pause at least
            }
        }
    }
}
