// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Compares the rates of two kinds of rare events. Of the events found in all, those of the first
/// kind are binomial; the exact interval of that share (Clopper and Pearson) gives one of the
/// ratio.

#include <cmath>
#include <cstdint>
#include <limits>

namespace outboard::bench {

struct EventRate {
    std::uint64_t events = 0;
    std::uint64_t blocks = 0;
};

/// P(X >= at_least) of `trials` trials.
[[nodiscard]] inline double upper_tail(std::uint64_t trials, std::uint64_t at_least,
                                       double probability)
{
    const auto n = static_cast<double>(trials);
    double sum = 0.0;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): only the global sign is shared, and nobody reads it
    const auto log_factorial = [](double value) { return std::lgamma(value + 1); };
    for (std::uint64_t count = at_least; count <= trials; ++count) {
        const auto k = static_cast<double>(count);
        sum += std::exp(log_factorial(n) - log_factorial(k) - log_factorial(n - k) +
                        k * std::log(probability) + (n - k) * std::log1p(-probability));
    }
    return std::fmin(sum, 1.0);
}

/// The probability at which P(X >= at_least) is `tail`.
[[nodiscard]] inline double probability_at(std::uint64_t trials, std::uint64_t at_least,
                                           double tail)
{
    double low = 0.0;
    double high = 1.0;
    for (int step = 0; step < 60; ++step) {
        const double middle = (low + high) / 2;
        (upper_tail(trials, at_least, middle) < tail ? low : high) = middle;
    }
    return (low + high) / 2;
}

struct RateRatio {
    double ratio = std::numeric_limits<double>::quiet_NaN();  ///< of the first rate to the second
    double lower = 0.0;                                       ///< 95 % interval
    double upper = std::numeric_limits<double>::infinity();
};

/// @pre both have blocks
[[nodiscard]] inline RateRatio rate_ratio(const EventRate& first, const EventRate& second)
{
    constexpr double tail = 0.025;
    const std::uint64_t all = first.events + second.events;
    const double exposure = static_cast<double>(second.blocks) / static_cast<double>(first.blocks);
    const auto to_ratio = [exposure](double share) { return share / (1 - share) * exposure; };
    RateRatio result;
    if (all == 0)
        return result;
    if (second.events != 0) {
        result.ratio =
            static_cast<double>(first.events) / static_cast<double>(second.events) * exposure;
    }
    if (first.events != 0)
        result.lower = to_ratio(probability_at(all, first.events, tail));
    if (second.events != 0)
        result.upper = to_ratio(probability_at(all, first.events + 1, 1 - tail));
    return result;
}

}  // namespace outboard::bench
