// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The clock of a sound card with two periods of buffer, as arithmetic: it reads no time itself.
///
///     start        due, = end of capture     playback
///       |  capture of block k  |  process(k)    |  block k is played  |
///     period k              period k+1        period k+2
///
/// Block k is in time when process() is done before its playback begins. A block that is not costs
/// its period, and those that passed meanwhile; the clock itself never shifts, as that of a card.

#include <algorithm>
#include <cstdint>

namespace outboard::audio {

class BlockClock {
public:
    /// @param start_ns  when the capture of the first block begins
    /// @pre   both others are > 0
    BlockClock(std::uint64_t start_ns, std::uint32_t sample_rate_hz,
               std::uint32_t frames_per_block) noexcept
        : start_ns_(start_ns),
          sample_rate_hz_(sample_rate_hz),
          frames_per_block_(frames_per_block)
    {}

    [[nodiscard]] std::uint64_t capture_ns() const noexcept { return period_start_ns(period_); }
    [[nodiscard]] std::uint64_t due_ns() const noexcept { return period_start_ns(period_ + 1); }
    [[nodiscard]] std::uint64_t playback_ns() const noexcept
    {
        return period_start_ns(period_ + 2);
    }

    /// Goes on to the next block that can still be in time.
    /// @param finished_ns  when the current block was done; now
    /// @rt    wait-free
    /// @return periods for which there was nothing to play; 0: the block was in time
    std::uint64_t advance(std::uint64_t finished_ns) noexcept
    {
        const std::uint64_t current = period_++;
        if (finished_ns <= period_start_ns(current + 2))
            return 0;
        // Of the period that now runs, the playback has begun; of the next one it has not.
        period_ = std::max(period_, period_at(finished_ns) - 1);
        return period_ - current;
    }

private:
    static constexpr std::uint64_t second_ns = 1'000'000'000;

    /// Exact to the nanosecond for any length of stream: no period is rounded and then summed up.
    [[nodiscard]] std::uint64_t period_start_ns(std::uint64_t period) const noexcept
    {
        const std::uint64_t frame = period * frames_per_block_;
        const std::uint64_t rest = frame % sample_rate_hz_;
        return start_ns_ + frame / sample_rate_hz_ * second_ns + rest * second_ns / sample_rate_hz_;
    }

    [[nodiscard]] std::uint64_t period_at(std::uint64_t time_ns) const noexcept
    {
        const std::uint64_t elapsed_ns = time_ns - start_ns_;
        const std::uint64_t frame = elapsed_ns / second_ns * sample_rate_hz_ +
                                    elapsed_ns % second_ns * sample_rate_hz_ / second_ns;
        return frame / frames_per_block_;
    }

    std::uint64_t start_ns_;
    std::uint64_t sample_rate_hz_;
    std::uint64_t frames_per_block_;
    std::uint64_t period_ = 0;  ///< in which the current block was captured
};

}  // namespace outboard::audio
