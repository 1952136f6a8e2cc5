// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Two results, metric by metric.

#include "bench/tool/bootstrap.hpp"
#include "bench/tool/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace outboard::bench {

struct ComparedMetric {
    std::string name;           ///< of the measurement
    std::string_view quantile;  ///< "p99"
    RatioInterval worsening;    ///< above 1: worse, whichever way the unit counts
    bool is_worse = false;      ///< by more than the limit, the whole interval above it
};

struct Comparison {
    std::vector<ComparedMetric> metrics;
    std::vector<std::string> only_before;  ///< measurements that the other has not
    std::vector<std::string> only_after;
};

/// p50, p90, p99 and, where both have it, p99.9. Maxima are not compared: one stall makes them.
/// @param limit  0.1: worse by more than 10 %
/// @throws Failure when the two are of different benchmarks, or a measurement of different units,
/// or when they have none in common
[[nodiscard]] Comparison compare(const ComparedResult& before, const ComparedResult& after,
                                 double limit);

}  // namespace outboard::bench
