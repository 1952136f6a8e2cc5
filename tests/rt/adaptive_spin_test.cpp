// SPDX-License-Identifier: MIT

#include "rt/path/adaptive_spin.hpp"

#include <doctest/doctest.h>
#include <cstdint>

using outboard::rt::AdaptiveSpin;

namespace {

constexpr std::uint64_t spin_ns = 20'000;

/// @return in how many of the waits it spun; no spin finds anything
std::uint32_t spins_in_vain(AdaptiveSpin& spin, std::uint32_t wait_count)
{
    std::uint32_t spin_count = 0;
    for (std::uint32_t wait = 0; wait < wait_count; ++wait) {
        if (spin.next_spin_ns() == 0)
            continue;
        ++spin_count;
        spin.note(false);
    }
    return spin_count;
}

}  // namespace

TEST_SUITE("rt/adaptive_spin")
{
    TEST_CASE("without a time to spin it never spins")
    {
        AdaptiveSpin spin{0};
        for (std::uint32_t wait = 0; wait < 3 * AdaptiveSpin::waits_a_try; ++wait)
            CHECK(spin.next_spin_ns() == 0);
    }

    TEST_CASE("it spins on while its spins find something")
    {
        AdaptiveSpin spin{spin_ns};
        for (int wait = 0; wait < 100; ++wait) {
            CHECK(spin.next_spin_ns() == spin_ns);
            spin.note(true);
        }
    }

    TEST_CASE("a few spins in vain do not end it, and one that finds something clears them")
    {
        AdaptiveSpin spin{spin_ns};
        CHECK(spins_in_vain(spin, AdaptiveSpin::vain_spins_max - 1) ==
              AdaptiveSpin::vain_spins_max - 1);
        CHECK(spin.next_spin_ns() == spin_ns);
        spin.note(true);
        CHECK(spins_in_vain(spin, AdaptiveSpin::vain_spins_max - 1) ==
              AdaptiveSpin::vain_spins_max - 1);
        CHECK(spin.next_spin_ns() == spin_ns);
    }

    TEST_CASE("a stream that is too slow costs one spin in sixteen waits")
    {
        AdaptiveSpin spin{spin_ns};
        static_cast<void>(spins_in_vain(spin, AdaptiveSpin::vain_spins_max));
        CHECK(spins_in_vain(spin, 10 * AdaptiveSpin::waits_a_try) == 10);
    }

    TEST_CASE("a try that finds something lets it spin again")
    {
        AdaptiveSpin spin{spin_ns};
        static_cast<void>(spins_in_vain(spin, AdaptiveSpin::vain_spins_max));
        for (std::uint32_t wait = 1; wait < AdaptiveSpin::waits_a_try; ++wait)
            CHECK(spin.next_spin_ns() == 0);
        CHECK(spin.next_spin_ns() == spin_ns);
        spin.note(true);
        CHECK(spin.next_spin_ns() == spin_ns);
    }
}
