// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Ratios that hold on a machine whose speed drifts. Two candidates take turns, chunk by chunk,
///
///     ours other | other ours | ours other | other ours | ...
///           1          2            3            4          pairs: a ratio each
///                          A/A              A/A             ours beside ours: the noise
///
/// and the median of the chunk ratios is the result. The order changes from pair to pair, so that
/// neither has the better place; where two chunks of ours are neighbours, their ratio tells how far
/// from 1 a ratio comes by itself.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace outboard::bench {

using Samples = std::vector<std::uint64_t>;

/// The smallest value with at least `quantile` of all at or below it; 0 of none.
[[nodiscard]] inline std::uint64_t quantile_of(Samples values, double quantile)
{
    if (values.empty())
        return 0;
    const double rank = std::ceil(quantile * static_cast<double>(values.size()));
    const auto index = static_cast<std::size_t>(std::max(rank, 1.0)) - 1;
    const auto wanted = values.begin() + static_cast<std::ptrdiff_t>(index);
    std::nth_element(values.begin(), wanted, values.end());
    return *wanted;
}

/// 0 of none.
[[nodiscard]] inline double median_of(std::vector<double> values)
{
    if (values.empty())
        return 0.0;
    std::sort(values.begin(), values.end());
    const std::size_t middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

struct ChunkPair {
    Samples ours;
    Samples other;
};

/// Runs the chunks in turn. @param ours, other  run one chunk and return its samples
/// @param goes_on  asked before each pair; once it says no, what was measured so far is returned
template <typename Ours, typename Other, typename GoesOn>
[[nodiscard]] std::vector<ChunkPair> run_alternating(std::size_t pair_count, Ours&& ours,
                                                     Other&& other, GoesOn&& goes_on)
{
    std::vector<ChunkPair> pairs;
    for (std::size_t index = 0; index < pair_count && goes_on(); ++index) {
        ChunkPair& pair = pairs.emplace_back();
        if (index % 2 == 0) {
            pair.ours = ours();
            pair.other = other();
        } else {
            pair.other = other();
            pair.ours = ours();
        }
    }
    return pairs;
}

template <typename Ours, typename Other>
[[nodiscard]] std::vector<ChunkPair> run_alternating(std::size_t pair_count, Ours&& ours,
                                                     Other&& other)
{
    return run_alternating(pair_count, ours, other, [] { return true; });
}

struct Ratio {
    double median = 0.0;
    double lower_quartile = 0.0;
    double upper_quartile = 0.0;
    double same_median = 0.0;  ///< the A/A pair
};

namespace detail {

[[nodiscard]] inline double divided(std::uint64_t upper, std::uint64_t lower)
{
    return static_cast<double>(upper) / static_cast<double>(std::max<std::uint64_t>(lower, 1));
}

}  // namespace detail

/// Ours to the other's, by one quantile of each chunk. @pre there is a pair
[[nodiscard]] inline Ratio ratio_at(const std::vector<ChunkPair>& pairs, double quantile)
{
    std::vector<double> ratios;
    std::vector<double> same_ratios;
    std::uint64_t previous_ours = 0;
    for (std::size_t index = 0; index < pairs.size(); ++index) {
        const std::uint64_t ours = quantile_of(pairs[index].ours, quantile);
        ratios.push_back(detail::divided(ours, quantile_of(pairs[index].other, quantile)));
        if (index % 2 == 0 && index != 0)
            same_ratios.push_back(detail::divided(ours, previous_ours));
        previous_ours = ours;
    }
    std::sort(ratios.begin(), ratios.end());
    return {.median = median_of(ratios),
            .lower_quartile = ratios[ratios.size() / 4],
            .upper_quartile = ratios[ratios.size() * 3 / 4],
            .same_median = median_of(same_ratios)};
}

}  // namespace outboard::bench
