// SPDX-License-Identifier: MIT

#include "bench/tool/comparison.hpp"

#include "bench/tool/failure.hpp"

#include <algorithm>

namespace outboard::bench {

namespace {

[[nodiscard]] const Measurement* find(const ComparedResult& result, const std::string& name)
{
    const auto found =
        std::find_if(result.measurements.begin(), result.measurements.end(),
                     [&](const Measurement& measurement) { return measurement.name == name; });
    return found == result.measurements.end() ? nullptr : &*found;
}

void compare_measurement(const Measurement& before, const Measurement& after, double limit,
                         std::vector<ComparedMetric>& metrics)
{
    if (before.unit != after.unit || before.lower_is_better != after.lower_is_better) {
        throw Failure{Exit::input, "'" + before.name + "' is in " + before.unit +
                                       " in one and in " + after.unit +
                                       " in the other; nothing can be compared"};
    }
    for (const Quantile& quantile : told_quantiles) {
        if (!told(before.distribution, quantile) || !told(after.distribution, quantile))
            continue;
        const Measurement& good = before.lower_is_better ? before : after;
        const Measurement& bad = before.lower_is_better ? after : before;
        const RatioInterval worsening =
            ratio_of_quantiles(good.distribution, bad.distribution, quantile.quantile);
        metrics.push_back({.name = before.name,
                           .quantile = quantile.name,
                           .worsening = worsening,
                           .is_worse = worsening.ratio > 1 + limit && worsening.lower > 1 + limit});
    }
}

}  // namespace

Comparison compare(const ComparedResult& before, const ComparedResult& after, double limit)
{
    if (before.benchmark != after.benchmark) {
        throw Failure{Exit::input, "one is a result of '" + before.benchmark + "', the other of '" +
                                       after.benchmark + "'; compare two of the same"};
    }
    Comparison comparison;
    for (const Measurement& measurement : before.measurements) {
        if (const Measurement* const other = find(after, measurement.name)) {
            compare_measurement(measurement, *other, limit, comparison.metrics);
        } else {
            comparison.only_before.push_back(measurement.name);
        }
    }
    for (const Measurement& measurement : after.measurements) {
        if (find(before, measurement.name) == nullptr)
            comparison.only_after.push_back(measurement.name);
    }
    if (comparison.metrics.empty()) {
        throw Failure{Exit::input,
                      "the two have no measurement in common; run both with the same lists"};
    }
    return comparison;
}

}  // namespace outboard::bench
