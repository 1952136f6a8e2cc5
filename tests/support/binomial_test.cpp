// SPDX-License-Identifier: MIT

#include "tests/support/binomial.hpp"

#include <doctest/doctest.h>

using namespace outboard::test;

TEST_SUITE("support/binomial")
{
    TEST_CASE("the tail is the sum of the terms that one can count by hand")
    {
        CHECK(binomial_upper_tail(0, 0, 0.5) == doctest::Approx(1.0));
        CHECK(binomial_upper_tail(4, 0, 0.5) == doctest::Approx(1.0));
        CHECK(binomial_upper_tail(4, 4, 0.5) == doctest::Approx(1.0 / 16));
        CHECK(binomial_upper_tail(4, 3, 0.5) == doctest::Approx(5.0 / 16));
        CHECK(binomial_upper_tail(3, 1, 0.25) == doctest::Approx(37.0 / 64));
        CHECK(binomial_upper_tail(4, 5, 0.5) == 0.0);
    }

    TEST_CASE("the tails of all counts fall from one, also for many events")
    {
        double before = 1.0;
        for (std::uint64_t count = 1; count <= 2000; ++count) {
            const double tail = binomial_upper_tail(2000, count, 0.5);
            REQUIRE(tail <= before);
            before = tail;
        }
        CHECK(binomial_upper_tail(2000, 1000, 0.5) == doctest::Approx(0.509).epsilon(0.001));
    }

    TEST_CASE("equal rates are no excess, whatever the lengths of the segments")
    {
        CHECK(excess_probability({0, 1000}, {0, 1000}) == doctest::Approx(1.0));
        CHECK(excess_probability({10, 1000}, {10, 1000}) > 0.4);
        CHECK(excess_probability({30, 3000}, {10, 1000}) > 0.4);
    }

    TEST_CASE("a real excess is found")
    {
        CHECK(excess_probability({30, 1000}, {5, 1000}) < 0.001);
        CHECK(excess_probability({10, 1000}, {0, 1000}) < 0.001);
        CHECK(excess_probability({9, 1000}, {0, 1000}) > 0.001);
    }
}
