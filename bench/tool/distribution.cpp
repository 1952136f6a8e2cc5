// SPDX-License-Identifier: MIT

#include "bench/tool/distribution.hpp"

#include "rt/path/histogram.hpp"

#include <algorithm>
#include <cmath>

namespace outboard::bench {

Distribution distribution_of(std::span<const std::uint64_t> values)
{
    Distribution distribution{.buckets = {}, .count = values.size(), .min = 0, .max = 0};
    if (values.empty())
        return distribution;
    std::vector<std::uint64_t> counts(rt::Histogram::bucket_count);
    for (const std::uint64_t value : values)
        ++counts[rt::Histogram::index_of(value)];
    for (std::size_t index = 0; index < counts.size(); ++index) {
        if (counts[index] != 0) {
            distribution.buckets.push_back(
                {rt::Histogram::lower_ns(index), rt::Histogram::upper_ns(index), counts[index]});
        }
    }
    const auto [min, max] = std::minmax_element(values.begin(), values.end());
    distribution.min = *min;
    distribution.max = *max;
    return distribution;
}

double quantile_of(const Distribution& distribution, double quantile)
{
    if (distribution.count == 0)
        return 0.0;
    const double rank = std::ceil(quantile * static_cast<double>(distribution.count));
    const auto wanted =
        static_cast<std::uint64_t>(std::clamp(rank, 1.0, static_cast<double>(distribution.count)));
    std::uint64_t reached = 0;
    for (const Bucket& bucket : distribution.buckets) {
        reached += bucket.count;
        if (reached < wanted)
            continue;
        const double middle = static_cast<double>(bucket.lower + (bucket.upper - 1)) / 2;
        return std::clamp(middle, static_cast<double>(distribution.min),
                          static_cast<double>(distribution.max));
    }
    return static_cast<double>(distribution.max);
}

std::optional<double> told(const Distribution& distribution, const Quantile& quantile)
{
    if (distribution.count < quantile.count_min)
        return std::nullopt;
    return quantile_of(distribution, quantile.quantile);
}

}  // namespace outboard::bench
