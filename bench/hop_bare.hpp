// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What a hop costs at least: two processes, a futex or a spin, 512 bytes copied each way, and
/// nothing else. No checks, no counters; a deadline only where ours has one too.

#include "bench/forked_process.hpp"
#include "rt/path/bell.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace outboard::bench {

/// As large as 64 frames in stereo.
using HopBlock = std::array<float, 128>;

/// Whom the bare pair wakes.
enum class Wake : std::uint8_t {
    always,   ///< a futex call for each hand-over, whether anybody sleeps or not
    sleeper,  ///< only who sleeps, by the library's own bells
};

class BareHop {
public:
    struct Config {
        int peer_cpu = 0;
        int peer_priority = 0;      ///< SCHED_FIFO; 0: ordinary
        std::uint64_t spin_ns = 0;  ///< how long both spin before they sleep
        Wake wake = Wake::always;
        /// From the call on. At the deadline the caller only looks again: it gives the kernel the
        /// same timer to arm, but waits on. 0: no timer.
        std::uint64_t deadline_ns = 0;
    };

    /// Starts the peer. @pre the process has one thread still
    explicit BareHop(const Config& config);

    /// Sends a block to the peer and fetches its answer.
    void hop(const HopBlock& in, HopBlock& out) noexcept;

private:
    struct Shared {
        rt::Bell request;
        rt::Bell reply;
        alignas(64) HopBlock to_peer{};
        alignas(64) HopBlock from_peer{};
    };

    [[nodiscard]] static bool answer(Shared& shared, const Config& config) noexcept;

    Config config_;
    rt::AdaptiveSpin spin_;
    std::uint32_t sequence_ = 0;
    SharedObject<Shared> shared_;
    ForkedProcess peer_;
};

}  // namespace outboard::bench
