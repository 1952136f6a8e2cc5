// SPDX-License-Identifier: MIT

#include "bench/rate_ratio.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace outboard::bench;

TEST_SUITE("bench/rate_ratio")
{
    TEST_CASE("without an event nothing is known")
    {
        const RateRatio ratio = rate_ratio({0, 1000}, {0, 1000});
        CHECK(std::isnan(ratio.ratio));
        CHECK(ratio.lower == 0.0);
        CHECK(std::isinf(ratio.upper));
    }

    TEST_CASE("equal rates have a ratio of 1, and the interval of the tables")
    {
        const RateRatio ratio = rate_ratio({10, 5000}, {10, 5000});
        CHECK(ratio.ratio == doctest::Approx(1.0));
        // 10 of 20: Clopper and Pearson give 0.272 .. 0.728.
        CHECK(ratio.lower == doctest::Approx(0.272 / 0.728).epsilon(0.01));
        CHECK(ratio.upper == doctest::Approx(0.728 / 0.272).epsilon(0.01));
    }

    TEST_CASE("how long each was watched counts")
    {
        CHECK(rate_ratio({4, 2000}, {8, 1000}).ratio == doctest::Approx(0.25));
    }

    TEST_CASE("no event of one kind leaves one end open")
    {
        const RateRatio none_first = rate_ratio({0, 1000}, {5, 1000});
        CHECK(none_first.ratio == 0.0);
        CHECK(none_first.lower == 0.0);
        CHECK(none_first.upper < 1.1);  // 1 - 0.025^(1/5) = 0.522
        const RateRatio none_second = rate_ratio({5, 1000}, {0, 1000});
        CHECK(none_second.lower > 0.9);
        CHECK(std::isinf(none_second.upper));
    }
}
