// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A stereo sine through one insert in real time, on a thread of its own, and what came out.

#include "bench/paced_stream.hpp"

#include <outboard/host.hpp>

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace outboard::bench {

struct SineStreamConfig {
    std::uint32_t frame_count = 64;  ///< of a block
    int cpu = 0;
    int priority = 0;  ///< SCHED_FIFO; 0: ordinary
};

class SineStream {
public:
    /// 1 kHz at -6 dBFS from now on. Caller and insert must outlive it.
    SineStream(const Caller& caller, const Insert& insert, const SineStreamConfig& config);
    SineStream(const SineStream&) = delete;
    SineStream(SineStream&&) = delete;
    SineStream& operator=(const SineStream&) = delete;
    SineStream& operator=(SineStream&&) = delete;
    ~SineStream();

    /// How many have come out until now. @thread any
    [[nodiscard]] std::uint64_t frames_out() const noexcept
    {
        // acquire, pairs with the release in run(): they are in history_.
        return frames_out_.load(std::memory_order_acquire);
    }
    /// Waits until the frames before `frame` have come out.
    void wait_for(std::uint64_t frame) const;
    /// The left channel of [first, last). @pre they have come out
    /// @throws std::runtime_error when they are longer ago than is kept: 20 s and more
    [[nodiscard]] std::vector<float> output(std::uint64_t first, std::uint64_t last) const;

private:
    void run();
    void stream_block(std::uint64_t first_frame) noexcept;

    const Caller& caller_;
    const Insert& insert_;
    SineStreamConfig config_;
    std::vector<float> sine_;  ///< of a second and a block
    std::vector<float> left_;  ///< of a block
    std::vector<float> right_;
    std::vector<float> history_;  ///< of the left channel, by frame number modulo its size
    std::atomic<std::uint64_t> frames_out_{0};
    std::atomic<bool> is_over_{false};
    std::thread audio_;
};

}  // namespace outboard::bench
