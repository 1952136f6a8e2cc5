// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Plays a signal by frame number, keeps what comes in, and notes what it was told.

#include "audio/device.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <map>
#include <thread>
#include <vector>

namespace outboard::test {

/// A sample that names its frame: white noise, the same in every run, never 0.
[[nodiscard]] inline float noise_at(std::uint64_t frame) noexcept
{
    std::uint64_t bits = (frame + 1) * 0x9E3779B97F4A7C15ULL;
    bits = (bits ^ (bits >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    bits ^= bits >> 31U;
    return static_cast<float>((bits >> 41U) + 1) / 16'777'216.0F - 0.25F;
}

struct RecordingCallback : audio::DeviceCallback {
    /// @param frame_count  after which it says `finish`
    explicit RecordingCallback(std::uint64_t frame_count) : frames_max(frame_count)
    {
        recorded.reserve(frame_count + 8'192);
        times.reserve(frame_count + 1);
        counts.reserve(frame_count + 1);
        events.reserve(64);
    }

    audio::Flow process(std::span<const float* const> inputs, std::span<float* const> outputs,
                        std::uint32_t frame_count, const audio::BlockTime& time) noexcept override
    {
        thread = std::this_thread::get_id();
        input_count = inputs.size();
        output_count = outputs.size();
        times.push_back(time);
        counts.push_back(frame_count);
        for (float* const output : outputs) {
            for (std::uint32_t frame = 0; frame < frame_count; ++frame)
                output[frame] = noise_at(frames.load(std::memory_order_relaxed) + frame);
        }
        if (!inputs.empty())
            recorded.insert(recorded.end(), inputs[0], inputs[0] + frame_count);
        const std::uint64_t done =
            frames.fetch_add(frame_count, std::memory_order_relaxed) + frame_count;
        if (done >= stall_after && stall.count() > 0) {
            std::this_thread::sleep_for(stall);
            stall = {};
        }
        return done >= frames_max ? audio::Flow::finish : audio::Flow::proceed;
    }

    void device_event(const audio::DeviceEvent& event) noexcept override
    {
        if (event.kind == audio::DeviceEventKind::xrun)
            ++xrun_count;
        if (event.kind == audio::DeviceEventKind::back)
            backs.fetch_add(1, std::memory_order_relaxed);
        if (events.size() < events.capacity())
            events.push_back(event);
    }

    std::uint64_t frames_max;
    std::uint64_t stall_after = 0;
    std::chrono::milliseconds stall{0};

    std::atomic<std::uint64_t> frames{0};
    std::atomic<std::uint64_t> backs{0};
    std::thread::id thread;
    std::size_t input_count = 0;
    std::size_t output_count = 0;
    std::vector<audio::BlockTime> times;
    std::vector<std::uint32_t> counts;
    std::vector<audio::DeviceEvent> events;  ///< the first of them
    std::uint64_t xrun_count = 0;
    std::vector<float> recorded;
};

/// By how many frames `recorded` is behind what was played, bit for bit: what most windows of it
/// say, as an xrun spoils one. @return lag_frames_max: none says anything
[[nodiscard]] inline std::uint64_t measure_lag(const std::vector<float>& recorded,
                                               std::uint64_t lag_frames_max = 48'000)
{
    constexpr std::size_t window_frames = 256;
    std::map<std::uint64_t, int> votes;
    for (std::size_t start = window_frames; start + window_frames <= recorded.size();
         start += window_frames) {
        for (std::uint64_t lag = 0; lag <= start && lag < lag_frames_max; ++lag) {
            std::size_t same = 0;
            while (same < window_frames && recorded[start + same] == noise_at(start + same - lag))
                ++same;
            if (same == window_frames) {
                ++votes[lag];
                break;
            }
        }
    }
    const auto most = std::max_element(votes.begin(), votes.end(), [](auto& left, auto& right) {
        return left.second < right.second;
    });
    return most == votes.end() ? lag_frames_max : most->first;
}

}  // namespace outboard::test
