// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What a hop costs at least: two processes, a futex or a spin, a block copied each way, and
/// nothing else. No checks, no counters; a deadline only where ours has one too.

#include "bench/forked_process.hpp"
#include "rt/path/bell.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace outboard::bench {

/// Whom the bare pair wakes.
enum class Wake : std::uint8_t {
    always,   ///< a futex call for each hand-over, whether anybody sleeps or not
    sleeper,  ///< only who sleeps, by the library's own bells
};

class BareHop {
public:
    static constexpr std::size_t sample_count_max = 2 * std::size_t{8192};

    struct Config {
        std::size_t sample_count = 128;  ///< of a block, all channels; up to sample_count_max
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

    /// Sends a block to the peer and fetches its answer. @pre both have config.sample_count
    void hop(std::span<const float> in, std::span<float> out) noexcept;

private:
    struct Shared {
        rt::Bell request;
        rt::Bell reply;
        alignas(64) std::array<float, sample_count_max> to_peer{};
        alignas(64) std::array<float, sample_count_max> from_peer{};
    };

    [[nodiscard]] static bool answer(Shared& shared, const Config& config) noexcept;

    Config config_;
    rt::AdaptiveSpin spin_;
    std::uint32_t sequence_ = 0;
    SharedObject<Shared> shared_;
    ForkedProcess peer_;
};

}  // namespace outboard::bench
