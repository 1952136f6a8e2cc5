// SPDX-License-Identifier: MIT

#include "bench/tool/bootstrap.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

namespace outboard::bench {

namespace {

constexpr std::size_t replicate_count = 4'000;
constexpr double tail = 0.025;

using Generator = std::mt19937_64;

[[nodiscard]] double resampled_quantile(const Distribution& distribution, double quantile,
                                        Generator& generator)
{
    const auto n = static_cast<double>(distribution.count);
    const double rank = std::clamp(std::ceil(quantile * n), 1.0, n);
    const double below = std::gamma_distribution<>{rank}(generator);
    const double above = std::gamma_distribution<>{n - rank + 1}(generator);
    return quantile_of(distribution, below / (below + above));
}

[[nodiscard]] double ratio(double upper, double lower)
{
    return upper / std::max(lower, 1.0);
}

}  // namespace

RatioInterval ratio_of_quantiles(const Distribution& before, const Distribution& after,
                                 double quantile, std::uint64_t seed)
{
    Generator generator{seed};
    std::vector<double> ratios(replicate_count);
    for (double& replicate : ratios) {
        const double after_value = resampled_quantile(after, quantile, generator);
        replicate = ratio(after_value, resampled_quantile(before, quantile, generator));
    }
    std::sort(ratios.begin(), ratios.end());
    const auto at = [&](double share) {
        return ratios[static_cast<std::size_t>(share * static_cast<double>(replicate_count - 1))];
    };
    return {.ratio = ratio(quantile_of(after, quantile), quantile_of(before, quantile)),
            .lower = at(tail),
            .upper = at(1 - tail)};
}

}  // namespace outboard::bench
