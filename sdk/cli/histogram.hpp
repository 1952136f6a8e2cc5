// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Latency histograms as the library gives them, added up and read.

#include <outboard/host.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace outboard::cli {

struct Histogram {
    std::vector<ob_histogram_bucket> buckets;  ///< ascending, none empty
    std::uint64_t max_ns = 0;                  ///< exact
};

/// What was measured at one insert.
/// @throws outboard::Error
[[nodiscard]] Histogram read_histogram(const ob_insert* insert, ob_histogram_kind kind);

[[nodiscard]] std::uint64_t total_count(const Histogram& histogram) noexcept;

/// Both together. The library's buckets have the same borders in every histogram.
[[nodiscard]] Histogram merge(const Histogram& left, const Histogram& right);

/// @param fraction  0 < fraction <= 1
/// @return the middle of the bucket in which that part of all values is reached; nothing when empty
[[nodiscard]] std::optional<double> percentile_ns(const Histogram& histogram,
                                                  double fraction) noexcept;

/// With less, the 99.9th percentile is the noise of a few values.
constexpr std::uint64_t p99_9_count_min = 100'000;

}  // namespace outboard::cli
