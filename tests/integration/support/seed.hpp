// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Randomness of a test that a reader can repeat: every run prints its seed, and OB_TEST_SEED in
/// the environment sets it.

#include <cstdint>
#include <random>

namespace outboard::test {

/// The seed of this process; prints it at the first call.
[[nodiscard]] std::uint64_t test_seed();

/// A generator that starts from the seed. `stream` tells apart those of one process.
[[nodiscard]] inline std::mt19937_64 seeded_generator(std::uint64_t stream = 0)
{
    return std::mt19937_64{test_seed() + stream};
}

/// Uniform in [lowest, highest].
template <typename Integer>
[[nodiscard]] Integer random_between(std::mt19937_64& generator, Integer lowest, Integer highest)
{
    return std::uniform_int_distribution<Integer>{lowest, highest}(generator);
}

}  // namespace outboard::test
