// SPDX-License-Identifier: MIT

#include "bench/tool/bootstrap.hpp"
#include "tests/bench/tool/values.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

using namespace outboard::bench;
using outboard::test::hop_values;

namespace {

using Values = std::vector<std::uint64_t>;

[[nodiscard]] double drawn_quantile(const Values& values, double quantile,
                                    std::mt19937_64& generator)
{
    std::uniform_int_distribution<std::size_t> any{0, values.size() - 1};
    Values drawn(values.size());
    for (std::uint64_t& value : drawn)
        value = values[any(generator)];
    const double rank = std::ceil(quantile * static_cast<double>(drawn.size()));
    const auto wanted = drawn.begin() + static_cast<std::ptrdiff_t>(std::max(rank, 1.0)) - 1;
    std::nth_element(drawn.begin(), wanted, drawn.end());
    return static_cast<double>(*wanted);
}

/// The textbook's bootstrap of the raw values.
[[nodiscard]] RatioInterval drawn_interval(const Values& before, const Values& after,
                                           double quantile)
{
    constexpr std::size_t replicate_count = 2'000;
    std::mt19937_64 generator{99};
    std::vector<double> ratios(replicate_count);
    for (double& ratio : ratios) {
        ratio = drawn_quantile(after, quantile, generator);
        ratio /= drawn_quantile(before, quantile, generator);
    }
    std::sort(ratios.begin(), ratios.end());
    return {.ratio = 0, .lower = ratios[50], .upper = ratios[1'949]};
}

}  // namespace

TEST_SUITE("bench/tool_bootstrap")
{
    TEST_CASE("the interval is that of drawing the raw values anew, within the buckets' precision")
    {
        const Values before = hop_values(2'000, 6'000, 1);
        const Values after = hop_values(3'000, 7'000, 2);
        for (const double quantile : {0.5, 0.9, 0.99}) {
            CAPTURE(quantile);
            const RatioInterval drawn = drawn_interval(before, after, quantile);
            const RatioInterval found =
                ratio_of_quantiles(distribution_of(before), distribution_of(after), quantile);
            // Two buckets of 1.6 %, and what 2,000 draws do not settle of a long tail.
            const double tolerance = 0.02 + 0.15 * (drawn.upper - drawn.lower);
            CHECK(std::abs(found.lower - drawn.lower) <= tolerance);
            CHECK(std::abs(found.upper - drawn.upper) <= tolerance);
        }
    }

    TEST_CASE("the ratio of a distribution to itself is one, and its interval has one in it")
    {
        const Distribution all = distribution_of(hop_values(5'000, 6'000, 3));
        for (const double quantile : {0.5, 0.99}) {
            const RatioInterval interval = ratio_of_quantiles(all, all, quantile);
            CHECK(interval.ratio == 1.0);
            CHECK(interval.lower <= 1.0);
            CHECK(interval.upper >= 1.0);
        }
    }

    TEST_CASE("more values make the interval narrower")
    {
        const auto width = [](std::size_t count) {
            const RatioInterval interval =
                ratio_of_quantiles(distribution_of(hop_values(count, 6'000, 4)),
                                   distribution_of(hop_values(count, 6'000, 5)), 0.99);
            return interval.upper - interval.lower;
        };
        CHECK(width(100'000) < width(1'000));
    }

    TEST_CASE("the same seed gives the same interval")
    {
        const Distribution before = distribution_of(hop_values(1'000, 6'000, 6));
        const Distribution after = distribution_of(hop_values(1'000, 6'500, 7));
        const RatioInterval first = ratio_of_quantiles(before, after, 0.9, 5);
        const RatioInterval second = ratio_of_quantiles(before, after, 0.9, 5);
        CHECK(first.lower == second.lower);
        CHECK(first.upper == second.upper);
    }
}
