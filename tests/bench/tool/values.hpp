// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Values as a hop has them: most of them near each other, and a long tail.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace outboard::test {

/// @param scale_ns  of the median
[[nodiscard]] inline std::vector<std::uint64_t> hop_values(std::size_t count, double scale_ns,
                                                           std::uint64_t seed)
{
    std::mt19937_64 generator{seed};
    std::lognormal_distribution<> near{std::log(scale_ns), 0.2};
    std::exponential_distribution<> tail{1 / (10 * scale_ns)};
    std::bernoulli_distribution is_tail{0.02};
    std::vector<std::uint64_t> values(count);
    for (std::uint64_t& value : values) {
        const double ns = near(generator) + (is_tail(generator) ? tail(generator) : 0.0);
        value = static_cast<std::uint64_t>(ns);
    }
    return values;
}

}  // namespace outboard::test
