// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Compares two counts of rare events. If both kinds of segment had the same rate, then of the
/// n events found in all, those in the first kind would be binomial, with the share of its trials
/// as probability (the conditional test of Przyborowski and Wilenski).

#include <cmath>
#include <cstdint>

namespace outboard::test {

/// P(X >= `at_least`) for `trials` trials of `probability` each, 0 < probability < 1.
[[nodiscard]] inline double binomial_upper_tail(std::uint64_t trials, std::uint64_t at_least,
                                                double probability)
{
    const auto n = static_cast<double>(trials);
    double sum = 0.0;
    for (std::uint64_t count = at_least; count <= trials; ++count) {
        const auto k = static_cast<double>(count);
        const double log_ways = std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1);
        sum += std::exp(log_ways + k * std::log(probability) + (n - k) * std::log1p(-probability));
    }
    return std::fmin(sum, 1.0);
}

/// Events among so many blocks.
struct EventCount {
    std::uint64_t events;
    std::uint64_t blocks;
};

/// How likely so many events, or more, are in `tested` if its rate is that of `control`: one-sided.
[[nodiscard]] inline double excess_probability(const EventCount& tested, const EventCount& control)
{
    const double share =
        static_cast<double>(tested.blocks) / static_cast<double>(tested.blocks + control.blocks);
    return binomial_upper_tail(tested.events + control.events, tested.events, share);
}

}  // namespace outboard::test
