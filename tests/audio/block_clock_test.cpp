// SPDX-License-Identifier: MIT
#include "audio/block_clock.hpp"

#include <doctest/doctest.h>

#include <cstdint>

namespace {

using outboard::audio::BlockClock;

constexpr std::uint64_t start_ns = 1'000'000'000;

/// 48 frames at 48 kHz: a period of exactly one millisecond.
struct MillisecondClock {
    static constexpr std::uint64_t period_ns = 1'000'000;
    BlockClock clock{start_ns, 48'000, 48};
};

}  // namespace

TEST_SUITE("audio/block_clock")
{
    TEST_CASE_FIXTURE(MillisecondClock, "a block is captured, due and played a period apart")
    {
        CHECK(clock.capture_ns() == start_ns);
        CHECK(clock.due_ns() == start_ns + period_ns);
        CHECK(clock.playback_ns() == start_ns + 2 * period_ns);
    }

    TEST_CASE_FIXTURE(MillisecondClock, "a block that is done at its playback is in time")
    {
        CHECK(clock.advance(clock.playback_ns()) == 0);
        CHECK(clock.due_ns() == start_ns + 2 * period_ns);
    }

    TEST_CASE_FIXTURE(MillisecondClock, "a block that is done later costs its period")
    {
        CHECK(clock.advance(clock.playback_ns() + 1) == 1);
        CHECK(clock.due_ns() == start_ns + 2 * period_ns);
    }

    TEST_CASE_FIXTURE(MillisecondClock, "after a stall the next block is one that can be in time")
    {
        const std::uint64_t late_ns = clock.playback_ns() + 5 * period_ns + period_ns / 2;
        CHECK(clock.advance(late_ns) == 6);
        CHECK(clock.playback_ns() > late_ns);
        CHECK(clock.playback_ns() - late_ns <= period_ns);
        CHECK(clock.advance(clock.due_ns()) == 0);
    }

    TEST_CASE_FIXTURE(MillisecondClock, "a stall never shifts the clock")
    {
        CHECK(clock.advance(clock.playback_ns() + 12'345'678) > 0);
        CHECK((clock.due_ns() - start_ns) % period_ns == 0);
    }

    TEST_CASE("periods that are no whole nanoseconds do not drift")
    {
        constexpr std::uint32_t rate_hz = 44'100;
        constexpr std::uint32_t frames = 64;
        BlockClock clock{start_ns, rate_hz, frames};
        for (std::uint64_t block = 0; block < std::uint64_t{2} * rate_hz; ++block)
            CHECK_FALSE(clock.advance(clock.due_ns()));
        // 2 x 44,100 blocks of 64 frames are 128 seconds.
        CHECK(clock.capture_ns() == start_ns + 128'000'000'000);
    }
}
