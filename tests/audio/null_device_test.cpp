// SPDX-License-Identifier: MIT
//
// Durations are never asserted: only counts, and what the times say about each other.

#include "audio/null_device.hpp"
#include "audio/device_settings.hpp"

#include "tests/support/no_alloc_scope.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <thread>
#include <vector>

namespace {

using outboard::audio::BlockTime;
using outboard::audio::DeviceCallback;
using outboard::audio::DeviceEvent;
using outboard::audio::DeviceEventKind;
using outboard::audio::DeviceSettings;
using outboard::audio::DeviceStatistics;
using outboard::audio::ErrorCode;
using outboard::audio::Flow;
using outboard::audio::NullDevice;
using outboard::audio::Pace;

constexpr std::chrono::seconds limit{20};

/// Finishes after `blocks_max` blocks, and notes what it was given.
struct CountingCallback : DeviceCallback {
    explicit CountingCallback(std::size_t block_count) : blocks_max(block_count)
    {
        times.reserve(block_count);
    }

    Flow process(std::span<const float* const> inputs, std::span<float* const> outputs,
                 std::uint32_t frame_count, const BlockTime& time) noexcept override
    {
        input_count = inputs.size();
        output_count = outputs.size();
        frames += frame_count;
        for (const float* const input : inputs) {
            for (std::uint32_t frame = 0; frame < frame_count; ++frame)
                input_is_silent = input_is_silent && input[frame] == 0.0F;
        }
        for (float* const output : outputs)
            std::fill_n(output, frame_count, 1.0F);
        if (times.size() < blocks_max)
            times.push_back(time);
        if (times.size() == stall_at_block)
            std::this_thread::sleep_for(stall);
        return times.size() == blocks_max ? Flow::finish : Flow::proceed;
    }

    void device_event(const DeviceEvent& event) noexcept override
    {
        ++event_count;
        last_event = event;
    }

    std::size_t blocks_max;
    std::size_t stall_at_block = 0;
    std::chrono::milliseconds stall{0};

    std::vector<BlockTime> times;
    std::uint64_t frames = 0;
    std::size_t input_count = 0;
    std::size_t output_count = 0;
    bool input_is_silent = true;
    std::uint64_t event_count = 0;
    DeviceEvent last_event;
};

/// Runs until someone else ends the stream.
struct EndlessCallback : DeviceCallback {
    Flow process(std::span<const float* const> /*inputs*/, std::span<float* const> /*outputs*/,
                 std::uint32_t /*frame_count*/, const BlockTime& /*time*/) noexcept override
    {
        blocks.fetch_add(1, std::memory_order_relaxed);
        return Flow::proceed;
    }

    std::atomic<std::uint64_t> blocks{0};
};

/// Runs `callback` to its end; the device is closed afterwards.
DeviceStatistics run(Pace pace, DeviceCallback& callback, const DeviceSettings& settings = {})
{
    NullDevice device{pace};
    REQUIRE(device.open(settings));
    REQUIRE(device.start(callback));
    REQUIRE(device.wait_until_finished(limit));
    device.stop();
    return device.statistics();
}

}  // namespace

TEST_SUITE("audio/null_device")
{
    TEST_CASE("settings that no device can have are refused with the range")
    {
        NullDevice device{Pace::free};
        const auto code = [&](const DeviceSettings& settings) {
            const auto opened = device.open(settings);
            return opened ? ErrorCode::system : opened.error().code;
        };
        CHECK(code({.sample_rate_hz = 0}) == ErrorCode::invalid_argument);
        CHECK(code({.frames_per_block = 0}) == ErrorCode::invalid_argument);
        CHECK(code({.frames_per_block = outboard::audio::frames_per_block_max + 1}) ==
              ErrorCode::invalid_argument);
        CHECK(code({.input_channel_count = 0, .output_channel_count = 0}) ==
              ErrorCode::invalid_argument);
        CHECK(device.open({.frames_per_block = 0}).error().message ==
              "A block size of 0 is out of range: use 1 to 65536.");
    }

    TEST_CASE("calls out of order are refused, and stopping twice is none")
    {
        EndlessCallback callback;
        NullDevice device{Pace::realtime};
        CHECK(device.start(callback).error().code == ErrorCode::wrong_state);
        REQUIRE(device.open({}));
        CHECK(device.open({}).error().code == ErrorCode::wrong_state);
        device.stop();
        REQUIRE(device.start(callback));
        CHECK(device.start(callback).error().code == ErrorCode::wrong_state);
        device.stop();
        device.stop();
        device.close();
        device.close();
    }

    TEST_CASE("free pace gives every block once, in order, and then no more")
    {
        CountingCallback callback{1'000};
        const DeviceStatistics statistics =
            run(Pace::free, callback,
                {.frames_per_block = 37, .input_channel_count = 1, .output_channel_count = 8});

        CHECK(statistics.blocks == 1'000);
        CHECK(statistics.frames == 37'000);
        CHECK(statistics.xruns == 0);
        CHECK(callback.frames == 37'000);
        CHECK(callback.input_count == 1);
        CHECK(callback.output_count == 8);
        CHECK(callback.input_is_silent);
        for (std::size_t block = 0; block < callback.times.size(); ++block)
            CHECK(callback.times[block].stream_frame == 37 * block);
    }

    TEST_CASE("free pace has the times of an ideal card")
    {
        CountingCallback callback{101};
        run(Pace::free, callback, {.sample_rate_hz = 48'000, .frames_per_block = 48});

        const BlockTime& first = callback.times.front();
        const BlockTime& last = callback.times.back();
        CHECK(last.capture_ns - first.capture_ns == 100'000'000);
        CHECK(first.playback_ns - first.capture_ns == 2'000'000);
    }

    TEST_CASE("real-time pace gives every block once, in order")
    {
        CountingCallback callback{20};
        const DeviceStatistics statistics =
            run(Pace::realtime, callback, {.sample_rate_hz = 8'000, .frames_per_block = 16});

        CHECK(statistics.blocks == 20);
        REQUIRE(callback.times.size() == 20);
        for (std::size_t block = 1; block < callback.times.size(); ++block) {
            CHECK(callback.times[block].stream_frame == 16 * block);
            CHECK(callback.times[block].capture_ns > callback.times[block - 1].capture_ns);
        }
    }

    TEST_CASE("real-time pace never gives a block before it was captured")
    {
        struct EarlyCallback final : CountingCallback {
            using CountingCallback::CountingCallback;
            Flow process(std::span<const float* const> inputs, std::span<float* const> outputs,
                         std::uint32_t frame_count, const BlockTime& time) noexcept override
            {
                const std::chrono::nanoseconds now =
                    std::chrono::steady_clock::now().time_since_epoch();
                const std::uint64_t captured_ns = time.capture_ns + 2'000'000;  // 16 at 8 kHz
                early += static_cast<std::uint64_t>(now.count()) < captured_ns ? 1 : 0;
                return CountingCallback::process(inputs, outputs, frame_count, time);
            }
            std::uint64_t early = 0;
        };
        EarlyCallback callback{20};
        run(Pace::realtime, callback, {.sample_rate_hz = 8'000, .frames_per_block = 16});
        CHECK(callback.times.size() == 20);
        CHECK(callback.early == 0);
    }

    TEST_CASE("a stall of many periods is one xrun or more, and no block is left out")
    {
        CountingCallback callback{20};
        callback.stall_at_block = 5;
        callback.stall = std::chrono::milliseconds{20};
        const DeviceStatistics statistics =
            run(Pace::realtime, callback, {.sample_rate_hz = 48'000, .frames_per_block = 48});

        CHECK(statistics.blocks == 20);
        CHECK(statistics.xruns >= 1);
        CHECK(statistics.overruns >= 1);
        CHECK(statistics.lost_frames >= std::uint64_t{48} * 18);
        CHECK(statistics.longest_process_ns >= 20'000'000);
        CHECK(callback.event_count == statistics.xruns);
        CHECK(callback.last_event.kind == DeviceEventKind::xrun);
        CHECK(callback.times[5].output_lost);
        CHECK(callback.times[5].input_lost);
        CHECK(callback.times[5].stream_frame == 5 * 48);
    }

    TEST_CASE("the owner's set-up runs on the audio thread before the first block")
    {
        struct ThreadCallback final : EndlessCallback {
            Flow process(std::span<const float* const> /*inputs*/,
                         std::span<float* const> /*outputs*/, std::uint32_t /*frame_count*/,
                         const BlockTime& /*time*/) noexcept override
            {
                process_thread = std::this_thread::get_id();
                return Flow::finish;
            }
            std::thread::id process_thread;
        };
        ThreadCallback callback;
        std::thread::id set_up_thread;
        run(Pace::realtime, callback, {.on_thread_start = [&] {
                CHECK(callback.process_thread == std::thread::id{});
                set_up_thread = std::this_thread::get_id();
            }});
        CHECK(set_up_thread != std::thread::id{});
        CHECK(set_up_thread == callback.process_thread);
        CHECK(set_up_thread != std::this_thread::get_id());
    }

    TEST_CASE("a stop ends a stream in the middle of a long period")
    {
        EndlessCallback callback;
        NullDevice device{Pace::realtime};
        REQUIRE(device.open({.sample_rate_hz = 1'000, .frames_per_block = 60'000}));
        REQUIRE(device.start(callback));
        device.stop();  // the period lasts a minute: the limit of the test would strike
        CHECK(callback.blocks.load() == 0);
    }

    TEST_CASE("a stream that goes on is not finished, and can be started again")
    {
        EndlessCallback callback;
        NullDevice device{Pace::free};
        REQUIRE(device.open({}));
        REQUIRE(device.start(callback));
        CHECK_FALSE(device.wait_until_finished(std::chrono::milliseconds{5}));
        device.stop();
        CHECK(device.statistics().blocks == callback.blocks.load());

        CountingCallback counting{3};
        REQUIRE(device.start(counting));
        REQUIRE(device.wait_until_finished(limit));
        device.stop();
        CHECK(device.statistics().blocks == 3);
        CHECK(device.latency().input_frames == 64);
    }

    TEST_CASE("nothing is allocated between two blocks [rt]")
    {
        using outboard::test::NoAllocScope;
        struct AllocationCallback final : EndlessCallback {
            Flow process(std::span<const float* const> /*inputs*/,
                         std::span<float* const> /*outputs*/, std::uint32_t /*frame_count*/,
                         const BlockTime& /*time*/) noexcept override
            {
                if (block_count == 0)
                    scope.emplace();
                violations = scope->violations();
                return ++block_count == 10 ? Flow::finish : Flow::proceed;
            }
            std::optional<NoAllocScope> scope;
            std::uint64_t block_count = 0;
            std::uint64_t violations = 0;
        };
        AllocationCallback callback;
        run(Pace::realtime, callback, {.sample_rate_hz = 8'000, .frames_per_block = 16});
        CHECK(callback.block_count == 10);
        CHECK(callback.violations == 0);
    }
}
