// SPDX-License-Identifier: MIT

#include "bench/chunked_ratio.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using outboard::bench::ChunkPair;
using outboard::bench::median_of;
using outboard::bench::quantile_of;
using outboard::bench::ratio_at;
using outboard::bench::run_alternating;
using outboard::bench::Samples;

TEST_SUITE("bench/chunked_ratio")
{
    TEST_CASE("nothing measured is zero")
    {
        CHECK(quantile_of({}, 0.5) == 0);
        CHECK(median_of({}) == 0.0);
    }

    TEST_CASE("a quantile is the smallest value with that share at or below it")
    {
        const Samples values{50, 10, 40, 20, 30};
        CHECK(quantile_of(values, 0.0) == 10);
        CHECK(quantile_of(values, 0.2) == 10);
        CHECK(quantile_of(values, 0.5) == 30);
        CHECK(quantile_of(values, 0.81) == 50);
        CHECK(quantile_of(values, 1.0) == 50);
    }

    TEST_CASE("a median of an even count lies between the middle two")
    {
        CHECK(median_of({4.0, 1.0, 3.0, 2.0}) == 2.5);
    }

    TEST_CASE("the order of the two changes from pair to pair")
    {
        std::string order;
        const auto chunk = [&order](char name) {
            order += name;
            return Samples{1};
        };
        const auto pairs = run_alternating(
            3, [&] { return chunk('A'); }, [&] { return chunk('B'); });
        CHECK(order == "ABBAAB");
        CHECK(pairs.size() == 3);
    }

    TEST_CASE("a drift that is common to both does not show in the ratio")
    {
        std::vector<ChunkPair> pairs;
        for (std::uint64_t speed = 1; speed <= 9; ++speed)
            pairs.push_back({.ours = {speed * 300}, .other = {speed * 200}});
        CHECK(ratio_at(pairs, 0.5).median == doctest::Approx(1.5));
        CHECK(ratio_at(pairs, 0.5).lower_quartile == doctest::Approx(1.5));
    }

    TEST_CASE("one chunk that was disturbed does not show in the ratio")
    {
        std::vector<ChunkPair> pairs(5, {.ours = {110}, .other = {100}});
        pairs[2].ours = {100'000};
        CHECK(ratio_at(pairs, 0.5).median == doctest::Approx(1.1));
    }

    TEST_CASE("neighbouring chunks of ours give the A/A ratio")
    {
        // ours other | other ours | ours other: only the second and the third are neighbours
        const std::vector<ChunkPair> pairs{{.ours = {100}, .other = {1}},
                                           {.ours = {200}, .other = {1}},
                                           {.ours = {300}, .other = {1}}};
        CHECK(ratio_at(pairs, 0.5).same_median == doctest::Approx(1.5));
    }
}
