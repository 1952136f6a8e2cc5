// SPDX-License-Identifier: MIT

#include "bench/tool/lane_ramp.hpp"

#include <doctest/doctest.h>

#include <vector>

using outboard::bench::LaneRamp;

namespace {

/// The numbers that are tried on a machine that holds up to `bearable`.
[[nodiscard]] std::vector<std::size_t> tried(LaneRamp& ramp, std::size_t bearable)
{
    std::vector<std::size_t> numbers;
    while (const auto number = ramp.next()) {
        REQUIRE(numbers.size() < 100);
        numbers.push_back(*number);
        ramp.note(*number, *number <= bearable);
    }
    return numbers;
}

}  // namespace

TEST_SUITE("bench/tool_lane_ramp")
{
    TEST_CASE("numbers are doubled, and then halved between the last two")
    {
        LaneRamp ramp{1, 256};
        CHECK(tried(ramp, 27) == std::vector<std::size_t>{1, 2, 4, 8, 16, 32, 24, 28, 26});
        CHECK(ramp.held() == 26);
        CHECK(ramp.missed() == 28);
    }

    TEST_CASE("it ends at the limit, whatever that is")
    {
        LaneRamp ramp{2, 100};
        CHECK(tried(ramp, 1'000) == std::vector<std::size_t>{2, 4, 8, 16, 32, 64, 100});
        CHECK(ramp.held() == 100);
        CHECK_FALSE(ramp.missed());
    }

    TEST_CASE("when the first is too many there is nothing to find")
    {
        LaneRamp ramp{4, 256};
        CHECK(tried(ramp, 3) == std::vector<std::size_t>{4});
        CHECK(ramp.held() == 0);
        CHECK(ramp.missed() == 4);
    }

    TEST_CASE("what is found is within an eighth, for every machine")
    {
        for (std::size_t bearable = 1; bearable <= 256; ++bearable) {
            CAPTURE(bearable);
            LaneRamp ramp{1, 256};
            static_cast<void>(tried(ramp, bearable));
            CHECK(ramp.held() <= bearable);
            CHECK(bearable - ramp.held() <= ramp.held() / 8);
        }
    }
}
