// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// How sure the ratio of two percentiles is, from the histograms alone.

#include "bench/tool/distribution.hpp"

#include <cstdint>

namespace outboard::bench {

struct RatioInterval {
    double ratio = 1.0;
    double lower = 1.0;  ///< 95 % interval
    double upper = 1.0;
};

/// The percentile of `after` to that of `before`. Of n values drawn anew from a distribution, the
/// k-th smallest is the quantile of it at a Beta(k, n - k + 1): so nothing needs to be drawn n
/// times, and the interval is the bootstrap's all the same. It takes values as independent; a
/// machine that changes between two runs is not in it.
/// @param seed  the same gives the same interval
/// @pre neither is empty
[[nodiscard]] RatioInterval ratio_of_quantiles(const Distribution& before,
                                               const Distribution& after, double quantile,
                                               std::uint64_t seed = 1);

}  // namespace outboard::bench
