// SPDX-License-Identifier: MIT

#include "rt/path/denormals.hpp"

#include "tests/support/skip.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <thread>

namespace {

using outboard::rt::disable_denormals;

constexpr float smallest_normal = std::numeric_limits<float>::min();
constexpr float denormal = std::numeric_limits<float>::denorm_min();

/// A multiplication that the compiler cannot do beforehand.
[[nodiscard]] float product(float left, float right)
{
    asm volatile("" : "+m"(left), "+m"(right));
    return left * right;
}

struct Seen {
    bool can = false;
    float result = 1.0F;
    float from_denormal_input = 1.0F;
    float ordinary = 0.0F;
};

/// On a thread of its own, which takes the changed mode with it when it ends.
[[nodiscard]] Seen seen_without_denormals()
{
    Seen seen;
    std::thread thread{[&seen] {
        seen.can = disable_denormals();
        seen.result = product(smallest_normal, 0.5F);
        seen.from_denormal_input = product(denormal, 0x1p100F);
        seen.ordinary = product(3.0F, 0.5F);
    }};
    thread.join();
    return seen;
}

}  // namespace

TEST_SUITE("rt/denormals")
{
    TEST_CASE("a result below the smallest normal number becomes zero")
    {
        const Seen seen = seen_without_denormals();
        if (!seen.can)
            return outboard::test::skip("this CPU cannot switch denormal numbers off");
        CHECK(seen.result == 0.0F);
    }

    TEST_CASE("a denormal input is read as zero")
    {
        const Seen seen = seen_without_denormals();
        if (!seen.can)
            return outboard::test::skip("this CPU cannot switch denormal numbers off");
        CHECK(seen.from_denormal_input == 0.0F);
    }

    TEST_CASE("ordinary numbers are as before")
    {
        CHECK(seen_without_denormals().ordinary == 1.5F);
    }

    TEST_CASE("other threads keep their denormal numbers")
    {
        static_cast<void>(seen_without_denormals());
        CHECK(product(smallest_normal, 0.5F) == smallest_normal / 2);
        CHECK(product(denormal, 0x1p100F) > 0.0F);
    }
}
