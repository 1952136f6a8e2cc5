// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Measured values as a log-linear histogram: what a result keeps of them, and what percentiles,
/// plots and comparisons are made of. The borders are those of the library's own histograms.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace outboard::bench {

struct Bucket {
    std::uint64_t lower = 0;  ///< inclusive
    std::uint64_t upper = 0;  ///< exclusive
    std::uint64_t count = 0;
};

struct Distribution {
    std::vector<Bucket> buckets;  ///< ascending, none empty
    std::uint64_t count = 0;
    std::uint64_t min = 0;  ///< exact, as max is
    std::uint64_t max = 0;
};

/// @param values  in the measurement's unit; beyond 2^36 they count as that
[[nodiscard]] Distribution distribution_of(std::span<const std::uint64_t> values);

/// The smallest value with at least `quantile` of all at or below it: the middle of its bucket,
/// within 0.8 %, and never outside min and max. 0 of none.
[[nodiscard]] double quantile_of(const Distribution& distribution, double quantile);

/// With less, the 99.9th percentile is the noise of a few values.
inline constexpr std::uint64_t p99_9_count_min = 100'000;

struct Quantile {
    std::string_view name;
    double quantile;
    std::uint64_t count_min;  ///< with fewer values it is not told
};
inline constexpr Quantile told_quantiles[] = {
    {"p50", 0.5, 1}, {"p90", 0.9, 1}, {"p99", 0.99, 1}, {"p99_9", 0.999, p99_9_count_min}};

/// Nothing where there are too few values.
[[nodiscard]] std::optional<double> told(const Distribution& distribution,
                                         const Quantile& quantile);

}  // namespace outboard::bench
