// SPDX-License-Identifier: MIT
#include "sdk/cli/histogram.hpp"

#include <outboard/host.hpp>

#include <algorithm>
#include <cmath>

namespace outboard::cli {

namespace {

constexpr std::uint32_t bucket_count_max = 1920;

}  // namespace

Histogram read_histogram(const ob_insert* insert, ob_histogram_kind kind)
{
    Histogram histogram;
    std::uint32_t bucket_count = bucket_count_max;
    histogram.buckets.resize(bucket_count);
    check(ob_insert_histogram_buckets(insert, kind, histogram.buckets.data(), &bucket_count));
    histogram.buckets.resize(std::min(bucket_count, bucket_count_max));

    ob_histogram_summary summary{};
    check(ob_insert_histogram_summary(insert, kind, &summary));
    histogram.max_ns = summary.count == 0 ? 0 : summary.max_ns;
    return histogram;
}

std::uint64_t total_count(const Histogram& histogram) noexcept
{
    std::uint64_t count = 0;
    for (const ob_histogram_bucket& bucket : histogram.buckets)
        count += bucket.count;
    return count;
}

Histogram merge(const Histogram& left, const Histogram& right)
{
    Histogram merged{.buckets = {}, .max_ns = std::max(left.max_ns, right.max_ns)};
    auto a = left.buckets.begin();
    auto b = right.buckets.begin();
    while (a != left.buckets.end() || b != right.buckets.end()) {
        const bool takes_a =
            b == right.buckets.end() || (a != left.buckets.end() && a->lower_ns <= b->lower_ns);
        ob_histogram_bucket bucket = takes_a ? *a++ : *b++;
        if (takes_a && b != right.buckets.end() && b->lower_ns == bucket.lower_ns)
            bucket.count += (b++)->count;
        merged.buckets.push_back(bucket);
    }
    return merged;
}

std::optional<double> percentile_ns(const Histogram& histogram, double fraction) noexcept
{
    const std::uint64_t count = total_count(histogram);
    if (count == 0)
        return std::nullopt;
    const auto wanted =
        static_cast<std::uint64_t>(std::ceil(fraction * static_cast<double>(count)));
    std::uint64_t reached = 0;
    for (const ob_histogram_bucket& bucket : histogram.buckets) {
        reached += bucket.count;
        if (reached < wanted)
            continue;
        const double middle_ns = static_cast<double>(bucket.lower_ns + bucket.upper_ns - 1) / 2;
        return std::min(middle_ns, static_cast<double>(histogram.max_ns));
    }
    return static_cast<double>(histogram.max_ns);
}

}  // namespace outboard::cli
