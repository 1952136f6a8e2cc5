// SPDX-License-Identifier: MIT

#include "sdk/src/host/standby_placement.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace outboard::host;

namespace {

/// A pinned real-time caller, the primary on its CPU, and one CPU more.
[[nodiscard]] StandbyPlacementInput pinned_on_two_cpus()
{
    StandbyPlacementInput input;
    input.shares_caller_cpu = true;
    input.primary_priority = 68;
    input.cpu_count = 2;
    return input;
}

[[nodiscard]] bool trails(const StandbyPlacementInput& input)
{
    return decide_standby_placement(input).chosen == OB_STANDBY_PLACEMENT_TRAILING;
}

}  // namespace

TEST_SUITE("sdk/standby_placement")
{
    TEST_CASE("with two CPUs and a pinned caller a standby trails until it does not fit")
    {
        StandbyPlacementInput input = pinned_on_two_cpus();
        CHECK(trails(input));
        input.deadline_ns = 700'000;
        input.dsp_p99_ns = 300'000;  // 2 x 300 + 100 = 700
        CHECK(trails(input));
        input.dsp_p99_ns = 300'001;
        CHECK_FALSE(trails(input));
        CHECK(decide_standby_placement(input).reason.find("700 us") != std::string::npos);
        input.dsp_p99_ns = 100'000;
        input.was_unfit = true;  // no switching to and fro
        CHECK_FALSE(trails(input));
    }

    TEST_CASE("with CPUs to spare a standby is on one of them, with one CPU it has to trail")
    {
        StandbyPlacementInput input = pinned_on_two_cpus();
        input.cpu_count = 3;
        CHECK_FALSE(trails(input));
        input.cpu_count = 1;
        input.dsp_p99_ns = 1'000'000;
        input.deadline_ns = 700'000;
        CHECK(trails(input));
        CHECK_FALSE(decide_standby_placement(input).fits);
    }

    TEST_CASE("nothing trails that would take the primary's CPU from it")
    {
        StandbyPlacementInput input = pinned_on_two_cpus();
        input.shares_caller_cpu = false;
        CHECK_FALSE(trails(input));
        CHECK_FALSE(why_not_trailing(input).empty());
        input = pinned_on_two_cpus();
        input.primary_priority = 1;
        CHECK_FALSE(trails(input));
        input = pinned_on_two_cpus();
        input.is_free_pace = true;
        CHECK_FALSE(trails(input));
        CHECK(why_not_trailing(pinned_on_two_cpus()).empty());
    }

    TEST_CASE("what was requested is done, and the reason says when it does not fit")
    {
        StandbyPlacementInput input = pinned_on_two_cpus();
        input.requested = OB_STANDBY_PLACEMENT_OTHER;
        CHECK_FALSE(trails(input));
        input.requested = OB_STANDBY_PLACEMENT_TRAILING;
        input.cpu_count = 8;
        input.was_unfit = true;
        input.dsp_p99_ns = 400'000;
        input.deadline_ns = 700'000;
        CHECK(trails(input));
        const auto decision = decide_standby_placement(input);
        CHECK_FALSE(decision.fits);
        CHECK(decision.reason.find("exceed the deadline") != std::string::npos);
    }
}
