// SPDX-License-Identifier: MIT

#include "bench/tool/comparison.hpp"
#include "bench/tool/failure.hpp"
#include "tests/bench/tool/values.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>

using namespace outboard::bench;
using outboard::test::hop_values;

namespace {

[[nodiscard]] Measurement measurement(const std::string& name, double scale_ns, std::size_t count,
                                      std::uint64_t seed)
{
    Measurement made;
    made.name = name;
    made.distribution = distribution_of(hop_values(count, scale_ns, seed));
    return made;
}

[[nodiscard]] ComparedResult result(Measurement only)
{
    ComparedResult made{.benchmark = "hop", .measurements = {}};
    made.measurements.push_back(std::move(only));
    return made;
}

[[nodiscard]] bool any_is_worse(const Comparison& comparison)
{
    return std::any_of(comparison.metrics.begin(), comparison.metrics.end(),
                       [](const ComparedMetric& metric) { return metric.is_worse; });
}

}  // namespace

TEST_SUITE("bench/tool_comparison")
{
    TEST_CASE("the same twice is no worse at any limit")
    {
        const ComparedResult same = result(measurement("a", 6'000, 5'000, 1));
        CHECK_FALSE(any_is_worse(compare(same, same, 0.0)));
    }

    TEST_CASE("a third slower is worse than ten percent, and better the other way round")
    {
        const ComparedResult before = result(measurement("a", 6'000, 5'000, 1));
        const ComparedResult after = result(measurement("a", 8'000, 5'000, 2));
        CHECK(any_is_worse(compare(before, after, 0.1)));
        CHECK_FALSE(any_is_worse(compare(before, after, 0.5)));
        CHECK_FALSE(any_is_worse(compare(after, before, 0.1)));
    }

    TEST_CASE("few values do not settle a small change")
    {
        const ComparedResult before = result(measurement("a", 6'000, 20, 1));
        const ComparedResult after = result(measurement("a", 6'700, 20, 2));
        CHECK_FALSE(any_is_worse(compare(before, after, 0.1)));
    }

    TEST_CASE("where higher is better, less is worse")
    {
        Measurement fast = measurement("a", 8'000, 5'000, 1);
        Measurement slow = measurement("a", 6'000, 5'000, 2);
        for (Measurement* const each : {&fast, &slow}) {
            each->unit = "MB/s";
            each->lower_is_better = false;
        }
        CHECK(any_is_worse(compare(result(fast), result(slow), 0.1)));
        CHECK_FALSE(any_is_worse(compare(result(slow), result(fast), 0.1)));
    }

    TEST_CASE("a p99.9 is compared where both have it")
    {
        const auto count = [](std::size_t before, std::size_t after) {
            return compare(result(measurement("a", 6'000, before, 1)),
                           result(measurement("a", 6'000, after, 2)), 0.1)
                .metrics.size();
        };
        CHECK(count(1'000, 100'000) == 3);
        CHECK(count(100'000, 100'000) == 4);
    }

    TEST_CASE("what only one has is named")
    {
        ComparedResult before = result(measurement("a", 6'000, 500, 1));
        ComparedResult after = before;
        before.measurements.push_back(measurement("old", 6'000, 500, 1));
        after.measurements.push_back(measurement("new", 6'000, 500, 1));
        const Comparison comparison = compare(before, after, 0.1);
        CHECK(comparison.only_before == std::vector<std::string>{"old"});
        CHECK(comparison.only_after == std::vector<std::string>{"new"});
    }

    TEST_CASE("what cannot be compared is refused")
    {
        const ComparedResult hop = result(measurement("a", 6'000, 500, 1));
        ComparedResult other = hop;
        SUBCASE("another benchmark")
        {
            other.benchmark = "ipc";
        }
        SUBCASE("another unit")
        {
            other.measurements.front().unit = "MB/s";
        }
        SUBCASE("nothing in common")
        {
            other.measurements.front().name = "b";
        }
        CHECK_THROWS_AS(static_cast<void>(compare(hop, other, 0.1)), Failure);
    }
}
