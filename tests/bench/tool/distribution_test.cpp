// SPDX-License-Identifier: MIT

#include "bench/tool/distribution.hpp"
#include "tests/bench/tool/values.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

using namespace outboard::bench;
using outboard::test::hop_values;

namespace {

/// By sorting, which has nothing in common with buckets.
[[nodiscard]] double sorted_quantile(std::vector<std::uint64_t> values, double quantile)
{
    std::sort(values.begin(), values.end());
    const double rank = std::ceil(quantile * static_cast<double>(values.size()));
    return static_cast<double>(values[static_cast<std::size_t>(std::max(rank, 1.0)) - 1]);
}

}  // namespace

TEST_SUITE("bench/tool_distribution")
{
    TEST_CASE("nothing measured has no buckets, and zero for a quantile")
    {
        const Distribution none = distribution_of({});
        CHECK(none.count == 0);
        CHECK(none.buckets.empty());
        CHECK(quantile_of(none, 0.5) == 0.0);
    }

    TEST_CASE("one value is all of its quantiles")
    {
        const std::vector<std::uint64_t> values{123'456};
        const Distribution one = distribution_of(values);
        CHECK(quantile_of(one, 0.0) == 123'456.0);
        CHECK(quantile_of(one, 0.5) == 123'456.0);
        CHECK(quantile_of(one, 1.0) == 123'456.0);
    }

    TEST_CASE("every value is in the bucket that has it, and none is lost")
    {
        auto values = hop_values(50'000, 6'000, 7);
        values.push_back(0);
        values.push_back(127);
        values.push_back(128);
        values.push_back((std::uint64_t{1} << 36U) - 1);
        const Distribution all = distribution_of(values);
        std::sort(values.begin(), values.end());
        std::uint64_t total = 0;
        std::uint64_t end = 0;
        for (const Bucket& bucket : all.buckets) {
            REQUIRE(bucket.lower >= end);
            REQUIRE(bucket.upper > bucket.lower);
            const auto from = std::lower_bound(values.begin(), values.end(), bucket.lower);
            const auto to = std::lower_bound(values.begin(), values.end(), bucket.upper);
            CHECK(static_cast<std::uint64_t>(to - from) == bucket.count);
            total += bucket.count;
            end = bucket.upper;
        }
        CHECK(total == values.size());
        CHECK(all.min == values.front());
        CHECK(all.max == values.back());
    }

    TEST_CASE("quantiles are those of the sorted values within one percent")
    {
        for (const std::size_t count : {2U, 10U, 999U, 1'000U, 200'000U}) {
            for (const double scale_ns : {40.0, 500.0, 6'000.0, 2'000'000.0}) {
                CAPTURE(count);
                CAPTURE(scale_ns);
                const auto values = hop_values(count, scale_ns, count);
                const Distribution all = distribution_of(values);
                for (const double quantile : {0.0, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
                    CAPTURE(quantile);
                    const double exact = sorted_quantile(values, quantile);
                    CHECK(std::abs(quantile_of(all, quantile) - exact) <= 0.01 * exact + 0.5);
                }
            }
        }
    }

    TEST_CASE("a p99.9 is told from 100,000 values on, the others always")
    {
        for (const std::size_t count : {std::size_t{99'999}, std::size_t{100'000}}) {
            const Distribution all = distribution_of(hop_values(count, 6'000, 1));
            for (const Quantile& quantile : told_quantiles) {
                const bool is_told = quantile.quantile < 0.999 || count == 100'000;
                CHECK(told(all, quantile).has_value() == is_told);
            }
        }
    }
}
