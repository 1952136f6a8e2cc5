// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What the audio thread of a device counts while other threads read.

#include "audio/device.hpp"

#include <atomic>
#include <cstdint>

namespace outboard::audio {

/// The audio thread adds, any thread reads: relaxed, as each figure stands for itself.
struct DeviceCounters {
    std::atomic<std::uint64_t> blocks{0};
    std::atomic<std::uint64_t> frames{0};
    std::atomic<std::uint64_t> xruns{0};
    std::atomic<std::uint64_t> lost_frames{0};
    std::atomic<std::uint64_t> overruns{0};
    std::atomic<std::uint64_t> longest_process_ns{0};

    /// @rt wait-free
    static void add(std::atomic<std::uint64_t>& counter, std::uint64_t amount) noexcept
    {
        counter.fetch_add(amount, std::memory_order_relaxed);
    }

    /// @thread audio
    /// @rt     wait-free
    void note_process(std::uint64_t taken_ns) noexcept
    {
        if (taken_ns > longest_process_ns.load(std::memory_order_relaxed))
            longest_process_ns.store(taken_ns, std::memory_order_relaxed);
    }

    /// @thread control, while the audio thread does not run
    void reset() noexcept
    {
        for (auto* counter :
             {&blocks, &frames, &xruns, &lost_frames, &overruns, &longest_process_ns})
            counter->store(0, std::memory_order_relaxed);
    }

    /// @thread any
    /// @rt     wait-free
    [[nodiscard]] DeviceStatistics read() const noexcept
    {
        return {.blocks = blocks.load(std::memory_order_relaxed),
                .frames = frames.load(std::memory_order_relaxed),
                .xruns = xruns.load(std::memory_order_relaxed),
                .lost_frames = lost_frames.load(std::memory_order_relaxed),
                .overruns = overruns.load(std::memory_order_relaxed),
                .longest_process_ns = longest_process_ns.load(std::memory_order_relaxed)};
    }
};

}  // namespace outboard::audio
