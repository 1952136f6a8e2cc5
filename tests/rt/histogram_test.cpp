// SPDX-License-Identifier: MIT

#include "rt/path/histogram.hpp"

#include "tests/support/no_alloc_scope.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace {

using outboard::rt::Histogram;

constexpr double quantiles[] = {0.0, 0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0};

/// The smallest value with at least `quantile` of all values at or below it.
[[nodiscard]] std::uint64_t exact_quantile(const std::vector<std::uint64_t>& sorted,
                                           double quantile)
{
    const auto rank =
        static_cast<std::size_t>(std::ceil(quantile * static_cast<double>(sorted.size())));
    return sorted[std::max<std::size_t>(rank, 1) - 1];
}

void check_quantiles(std::vector<std::uint64_t> values)
{
    const auto histogram = std::make_unique<Histogram>();
    for (const std::uint64_t value : values)
        histogram->record(value);
    std::sort(values.begin(), values.end());
    for (const double quantile : quantiles) {
        CAPTURE(quantile);
        const auto exact = static_cast<double>(exact_quantile(values, quantile));
        const auto found = static_cast<double>(histogram->quantile_ns(quantile));
        CHECK(std::abs(found - exact) <= 0.01 * exact);
    }
    CHECK(histogram->count() == values.size());
    CHECK(histogram->min_ns() == values.front());
    CHECK(histogram->max_ns() == values.back());
}

}  // namespace

TEST_SUITE("rt/histogram")
{
    TEST_CASE("an empty histogram says zero")
    {
        const auto histogram = std::make_unique<Histogram>();
        CHECK(histogram->count() == 0);
        CHECK(histogram->min_ns() == 0);
        CHECK(histogram->max_ns() == 0);
        CHECK(histogram->quantile_ns(0.5) == 0);
    }

    TEST_CASE("one value is every quantile, exactly")
    {
        for (const std::uint64_t value : {0ULL, 1ULL, 127ULL, 128ULL, 6'543ULL, 1'333'333ULL}) {
            CAPTURE(value);
            const auto histogram = std::make_unique<Histogram>();
            histogram->record(value);
            for (const double quantile : quantiles)
                CHECK(histogram->quantile_ns(quantile) == value);
        }
    }

    TEST_CASE("buckets follow each other without gap or overlap and cover the whole range")
    {
        CHECK(Histogram::lower_ns(0) == 0);
        for (std::size_t index = 0; index < Histogram::bucket_count; ++index) {
            const std::uint64_t lower = Histogram::lower_ns(index);
            const std::uint64_t upper = Histogram::upper_ns(index);
            CAPTURE(index);
            REQUIRE(lower < upper);
            REQUIRE(Histogram::index_of(lower) == index);
            REQUIRE(Histogram::index_of(upper - 1) == index);
            if (index + 1 < Histogram::bucket_count) {
                REQUIRE(Histogram::lower_ns(index + 1) == upper);
            } else {
                REQUIRE(upper == Histogram::value_max_ns + 1);
            }
        }
    }

    TEST_CASE("no bucket is wider than 1.6 % of its values, so that its middle is within 0.8 %")
    {
        for (std::size_t index = Histogram::linear_end_ns; index < Histogram::bucket_count;
             ++index) {
            const std::uint64_t lower = Histogram::lower_ns(index);
            const std::uint64_t width = Histogram::upper_ns(index) - lower;
            CAPTURE(index);
            REQUIRE(static_cast<double>(width) <= 0.016 * static_cast<double>(lower));
        }
    }

    TEST_CASE("quantiles are within 1 % of the exact ones")
    {
        constexpr std::size_t value_count = 100'000;
        const auto seed = std::random_device{}();
        CAPTURE(seed);
        std::mt19937_64 random{seed};
        std::vector<std::uint64_t> values;
        values.reserve(value_count);

        SUBCASE("lognormal, as round trips are")
        {
            std::lognormal_distribution<double> distribution{std::log(8'000.0), 0.8};
            for (std::size_t count = 0; count < value_count; ++count)
                values.push_back(static_cast<std::uint64_t>(distribution(random)));
        }
        SUBCASE("uniform up to a second")
        {
            std::uniform_int_distribution<std::uint64_t> distribution{0, 1'000'000'000};
            for (std::size_t count = 0; count < value_count; ++count)
                values.push_back(distribution(random));
        }
        SUBCASE("uniform over the orders of magnitude")
        {
            std::uniform_real_distribution<double> exponent{0.0, 35.9};
            for (std::size_t count = 0; count < value_count; ++count)
                values.push_back(static_cast<std::uint64_t>(std::exp2(exponent(random))));
        }
        SUBCASE("constant")
        {
            values.assign(value_count, 1'234'567);
        }
        SUBCASE("two far apart")
        {
            values.assign(value_count / 2, 50);
            values.insert(values.end(), value_count / 2, 40'000'000'000);
        }
        SUBCASE("few")
        {
            values = {3, 1, 2};
        }
        check_quantiles(values);
    }

    TEST_CASE("what is longer than the range counts as the longest, but the maximum is true")
    {
        const auto histogram = std::make_unique<Histogram>();
        constexpr std::uint64_t huge = std::numeric_limits<std::uint64_t>::max();
        histogram->record(10);
        histogram->record(huge);
        CHECK(histogram->count() == 2);
        CHECK(histogram->max_ns() == huge);
        CHECK(histogram->bucket(Histogram::bucket_count - 1) == 1);
        CHECK(histogram->quantile_ns(1.0) >= Histogram::lower_ns(Histogram::bucket_count - 1));
    }

    TEST_CASE("recording and reading neither allocate nor free [rt]")
    {
        const auto histogram = std::make_unique<Histogram>();
        const outboard::test::NoAllocScope scope;
        for (std::uint64_t value = 1; value < 1'000'000'000; value = value * 3 / 2 + 1)
            histogram->record(value);
        const std::uint64_t median = histogram->quantile_ns(0.5);
        const auto violations = scope.violations();
        CHECK(median > 0);
        CHECK(violations == 0);
    }

    TEST_CASE("a reader beside the writer sees counts that only grow, and quantiles in range")
    {
        constexpr std::uint64_t value_count = 50'000;
        const auto histogram = std::make_unique<Histogram>();
        std::thread writer{[&] {
            for (std::uint64_t count = 0; count < value_count; ++count)
                histogram->record(1'000 + count % 1'000);
        }};
        std::uint64_t last_count = 0;
        std::uint64_t wrong = 0;
        while (last_count < value_count) {
            const std::uint64_t count = histogram->count();
            const std::uint64_t median = histogram->quantile_ns(0.5);
            wrong += count < last_count || median > 2'020 ? 1 : 0;
            last_count = count;
            std::this_thread::yield();
        }
        writer.join();
        CHECK(wrong == 0);
        CHECK(histogram->count() == value_count);
        CHECK(histogram->max_ns() == 1'999);
    }
}
