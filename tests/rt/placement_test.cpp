// SPDX-License-Identifier: MIT

#include "rt/control/placement.hpp"

#include <doctest/doctest.h>

#include <array>

namespace {

using outboard::rt::decide_placement;
using outboard::rt::Placement;
using outboard::rt::PlacementInput;

constexpr std::array<int, 1> one_cpu{0};
constexpr std::array<int, 2> two_cpus{0, 1};
constexpr std::array<int, 4> four_cpus{0, 1, 4, 5};

}  // namespace

TEST_SUITE("rt/placement")
{
    TEST_CASE("a caller pinned to one CPU shares it, and nobody spins there")
    {
        const PlacementInput input{
            .caller_pinned = true, .caller_cpu = 4, .allowed_cpus = four_cpus};
        const auto decision = decide_placement(input);
        CHECK(decision.chosen == Placement::same);
        CHECK(decision.cpus == std::vector{4});
        CHECK_FALSE(decision.may_spin);
    }

    TEST_CASE("a caller that can move has the DSP thread elsewhere, even if it asks to share")
    {
        PlacementInput input{.caller_cpu = 1, .allowed_cpus = four_cpus};
        SUBCASE("automatic") {}
        SUBCASE("same")
        {
            input.requested = Placement::same;
        }
        const auto decision = decide_placement(input);
        CHECK(decision.chosen == Placement::other);
        CHECK(decision.cpus == std::vector{0, 4, 5});
        CHECK(decision.reason == doctest::String("the caller is not pinned to one CPU"));
    }

    TEST_CASE("a pinned caller may ask for another CPU")
    {
        const auto decision = decide_placement({.caller_pinned = true,
                                                .caller_cpu = 0,
                                                .allowed_cpus = two_cpus,
                                                .requested = Placement::other});
        CHECK(decision.chosen == Placement::other);
        CHECK(decision.cpus == std::vector{1});
    }

    TEST_CASE("DSP threads may spin only where each has a CPU that is never the caller's")
    {
        PlacementInput input{.caller_pinned = true,
                             .caller_cpu = 0,
                             .allowed_cpus = two_cpus,
                             .requested = Placement::other};
        CHECK(decide_placement(input).may_spin);
        SUBCASE("too many threads")
        {
            input.dsp_thread_count = 2;
            CHECK_FALSE(decide_placement(input).may_spin);
            input.allowed_cpus = four_cpus;
            CHECK(decide_placement(input).may_spin);
        }
        SUBCASE("a caller that can move")
        {
            input.caller_pinned = false;
            CHECK_FALSE(decide_placement(input).may_spin);
        }
        SUBCASE("nowhere in particular")
        {
            input.requested = Placement::none;
            CHECK_FALSE(decide_placement(input).may_spin);
        }
    }

    TEST_CASE("a caller on a CPU that is forbidden to the service cannot share it")
    {
        constexpr std::array<int, 3> allowed{1, 2, 3};
        const auto decision =
            decide_placement({.caller_pinned = true, .caller_cpu = 0, .allowed_cpus = allowed});
        CHECK(decision.chosen == Placement::other);
        CHECK(decision.cpus == std::vector{1, 2, 3});
        CHECK(decision.reason == doctest::String("the caller's CPU is not allowed to the service"));
    }

    TEST_CASE("with one CPU, and with none known, the DSP thread is left alone")
    {
        PlacementInput input{.caller_cpu = 0, .allowed_cpus = one_cpu};
        SUBCASE("one") {}
        SUBCASE("none known")
        {
            input.allowed_cpus = {};
        }
        const auto decision = decide_placement(input);
        CHECK(decision.chosen == Placement::none);
        CHECK(decision.cpus.empty());
        CHECK_FALSE(decision.may_spin);
    }

    TEST_CASE("a caller on an unknown CPU excludes none")
    {
        const auto decision = decide_placement({.allowed_cpus = four_cpus});
        CHECK(decision.chosen == Placement::other);
        CHECK(decision.cpus == std::vector{0, 1, 4, 5});
    }

    TEST_CASE("placement can be switched off")
    {
        const auto decision = decide_placement({.caller_pinned = true,
                                                .caller_cpu = 0,
                                                .allowed_cpus = four_cpus,
                                                .requested = Placement::none});
        CHECK(decision.chosen == Placement::none);
        CHECK(decision.cpus.empty());
    }
}
