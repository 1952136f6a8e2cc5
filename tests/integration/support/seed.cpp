// SPDX-License-Identifier: MIT

#include "tests/integration/support/seed.hpp"

#include <cstdio>
#include <cstdlib>

namespace outboard::test {

namespace {

[[nodiscard]] std::uint64_t chosen_seed()
{
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment of a test
    const char* const given = std::getenv("OB_TEST_SEED");
    if (given != nullptr)
        return std::strtoull(given, nullptr, 10);
    return std::random_device{}();
}

}  // namespace

std::uint64_t test_seed()
{
    static const std::uint64_t seed = [] {
        const std::uint64_t chosen = chosen_seed();
        std::printf("seed: OB_TEST_SEED=%llu\n", static_cast<unsigned long long>(chosen));
        static_cast<void>(std::fflush(stdout));
        return chosen;
    }();
    return seed;
}

}  // namespace outboard::test
