// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// 64 frames in stereo through one insert, one block each 1.333 ms, as a sound card has it.

#include "rt/os/clock.hpp"

#include <outboard/host.hpp>

#include <array>
#include <cstdint>

namespace outboard::bench {

inline constexpr std::uint32_t paced_frame_count = 64;
inline constexpr std::uint64_t paced_period_ns = 1'333'333;

/// Sleeps to the start of each block. What a stall has cost is not caught up with.
class Pacer {
public:
    explicit Pacer(std::uint64_t period_ns = paced_period_ns) noexcept : period_ns_(period_ns) {}
    void wait() noexcept
    {
        const std::uint64_t now_ns = rt::os::monotonic_ns();
        next_ns_ = next_ns_ + period_ns_ < now_ns ? now_ns : next_ns_ + period_ns_;
        rt::os::sleep_until_ns(next_ns_);
    }

private:
    std::uint64_t period_ns_;
    std::uint64_t next_ns_ = rt::os::monotonic_ns();
};

/// A block of stereo for an insert, in and out.
class PacedBlock {
public:
    PacedBlock() noexcept { samples_.fill(0.25F); }
    [[nodiscard]] ob_status through(const Insert& insert) noexcept
    {
        const std::array<const float*, 2> inputs{samples_.data(),
                                                 samples_.data() + paced_frame_count};
        const std::array<float*, 2> outputs{out_.data(), out_.data() + paced_frame_count};
        return insert.process(inputs.data(), outputs.data(), paced_frame_count);
    }

private:
    std::array<float, std::size_t{2} * paced_frame_count> samples_{};
    std::array<float, std::size_t{2} * paced_frame_count> out_{};
};

}  // namespace outboard::bench
