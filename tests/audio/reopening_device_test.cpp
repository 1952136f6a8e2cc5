// SPDX-License-Identifier: MIT

#include "audio/reopening_device.hpp"

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace outboard::audio;

constexpr auto limit = 20s;

/// A device whose lives a test decides: each start() gives so many blocks and is then lost, the
/// last one finishes; some attempts to open it fail.
class FakeDevice final : public Device {
public:
    std::vector<int> blocks_by_life{3};
    int failing_opens = 0;  ///< after each loss
    bool is_missing = false;
    std::uint32_t rate_after_loss_hz = 48'000;

    std::atomic<int> open_count{0};
    std::atomic<int> failed_open_count{0};
    std::atomic<int> start_count{0};
    std::atomic<int> close_count{0};

    std::string_view backend_name() const noexcept override { return "fake"; }

    Result<void> open(const DeviceSettings& wanted) override
    {
        if (is_missing || failures_left_ > 0) {
            --failures_left_;
            ++failed_open_count;
            return fail(ErrorCode::no_server, "not there yet");
        }
        settings_ = wanted;
        if (start_count > 0)
            settings_.sample_rate_hz = rate_after_loss_hz;
        ++open_count;
        return {};
    }

    const DeviceSettings& settings() const noexcept override { return settings_; }

    Result<void> start(DeviceCallback& callback) override
    {
        const auto life = static_cast<std::size_t>(start_count++);
        is_last_ = life + 1 == blocks_by_life.size();
        statistics_ = {};
        failures_left_ = failing_opens;
        if (settings_.on_thread_start)
            settings_.on_thread_start();
        for (int block = 0; block < blocks_by_life[life]; ++block) {
            const BlockTime time{.stream_frame = std::uint64_t{64} * static_cast<unsigned>(block),
                                 .capture_ns = clock_ns_,
                                 .playback_ns = clock_ns_};
            static_cast<void>(callback.process({}, {}, 64, time));
            clock_ns_ += 64 * std::uint64_t{1'000'000'000} / 48'000;
            statistics_.frames += 64;
        }
        clock_ns_ += 1'000'000'000;  // between two lives a second passes
        if (!is_last_)
            callback.device_event(
                {.kind = DeviceEventKind::lost, .stream_frame = statistics_.frames});
        return {};
    }

    void stop() noexcept override {}
    void close() noexcept override { ++close_count; }
    bool wait_until_finished(std::chrono::milliseconds /*limit*/) override { return true; }
    bool is_lost() const noexcept override { return !is_last_; }
    DeviceStatistics statistics() const noexcept override { return statistics_; }
    DeviceLatency latency() const noexcept override { return {64, 64}; }

private:
    DeviceSettings settings_;
    DeviceStatistics statistics_;
    std::atomic<bool> is_last_{false};
    int failures_left_ = 0;
    std::uint64_t clock_ns_ = 1'000'000'000;
};

struct NotingCallback : DeviceCallback {
    Flow process(std::span<const float* const> /*inputs*/, std::span<float* const> /*outputs*/,
                 std::uint32_t /*frame_count*/, const BlockTime& time) noexcept override
    {
        frames.push_back(time.stream_frame);
        return Flow::proceed;
    }
    void device_event(const DeviceEvent& event) noexcept override { events.push_back(event); }

    std::vector<std::uint64_t> frames;
    std::vector<DeviceEvent> events;
};

struct Rig {
    explicit Rig(std::vector<int> blocks_by_life)
    {
        fake->blocks_by_life = std::move(blocks_by_life);
    }

    void run_to_end()
    {
        REQUIRE(device.open({.on_thread_start = [this] { ++thread_start_count; }}));
        REQUIRE(device.start(callback));
        REQUIRE(device.wait_until_finished(limit));
        device.stop();
    }

    FakeDevice* fake = new FakeDevice;
    NotingCallback callback;
    std::atomic<int> thread_start_count{0};
    ReopeningDevice device{std::unique_ptr<Device>{fake}, {.first = 1ms, .longest = 4ms}};
};

}  // namespace

TEST_SUITE("audio/reopening_device")
{
    TEST_CASE("a device that is not lost is passed on as it is")
    {
        Rig rig{{3}};
        rig.run_to_end();
        CHECK(rig.callback.frames == std::vector<std::uint64_t>{0, 64, 128});
        CHECK(rig.callback.events.empty());
        CHECK(rig.fake->open_count == 1);
        CHECK(rig.device.losses().count == 0);
        CHECK(rig.device.backend_name() == "fake");
    }

    TEST_CASE("over losses it is one stream, and each gap is told")
    {
        Rig rig{{2, 1, 2}};
        rig.run_to_end();
        CHECK(rig.callback.frames == std::vector<std::uint64_t>{0, 64, 128, 192, 256});
        REQUIRE(rig.callback.events.size() == 4);
        CHECK(rig.callback.events[0].kind == DeviceEventKind::lost);
        CHECK(rig.callback.events[0].stream_frame == 128);
        CHECK(rig.callback.events[1].kind == DeviceEventKind::back);
        CHECK(rig.callback.events[1].stream_frame == 128);
        CHECK(rig.callback.events[1].lost_frames >= 47'990);
        CHECK(rig.callback.events[1].lost_frames <= 48'010);
        CHECK(rig.callback.events[2].stream_frame == 192);
        CHECK(rig.device.losses().count == 2);
        CHECK_FALSE(rig.device.losses().is_away);
        CHECK(rig.device.statistics().frames == 5 * 64);
        CHECK(rig.thread_start_count == 3);
        CHECK(rig.fake->close_count >= 2);
    }

    TEST_CASE("opening is tried until it succeeds")
    {
        Rig rig{{1, 1}};
        rig.fake->failing_opens = 5;
        rig.run_to_end();
        CHECK(rig.fake->failed_open_count == 5);
        CHECK(rig.fake->start_count == 2);
        CHECK_FALSE(rig.device.losses().problem.has_value());
    }

    TEST_CASE("a device that comes back with another rate stays away, and says why")
    {
        Rig rig{{1, 1}};
        rig.fake->rate_after_loss_hz = 44'100;
        REQUIRE(rig.device.open({}));
        REQUIRE(rig.device.start(rig.callback));
        const auto end = std::chrono::steady_clock::now() + limit;
        while (!rig.device.losses().problem && std::chrono::steady_clock::now() < end)
            std::this_thread::sleep_for(1ms);
        REQUIRE(rig.device.losses().problem.has_value());
        CHECK(rig.device.losses().problem->message ==
              "The device came back with 44100 Hz instead of 48000 Hz.");
        CHECK(rig.device.losses().is_away);
        rig.device.stop();
        CHECK(rig.fake->start_count == 1);
    }

    TEST_CASE("it can be stopped while the device is away")
    {
        Rig rig{{1, 1}};
        rig.fake->failing_opens = 1'000'000;
        REQUIRE(rig.device.open({}));
        REQUIRE(rig.device.start(rig.callback));
        CHECK_FALSE(rig.device.wait_until_finished(20ms));
        rig.device.stop();
        CHECK(rig.callback.frames.size() == 1);
    }

    TEST_CASE("what cannot be opened at first is an error at once")
    {
        Rig rig{{1}};
        rig.fake->is_missing = true;
        const auto opened = rig.device.open({});
        REQUIRE_FALSE(opened);
        CHECK(opened.error().code == ErrorCode::no_server);
        CHECK(rig.fake->start_count == 0);
    }
}
