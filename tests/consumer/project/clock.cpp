// SPDX-License-Identifier: MIT

#include "rt/os/clock.hpp"
#include "rt/control/result.hpp"

/// Uses a header and a function of the real-time primitives.
int main()
{
    const auto before_ns = outboard::rt::os::monotonic_ns();
    const auto after_ns = outboard::rt::os::monotonic_ns();
    const outboard::rt::Result<int> result = after_ns >= before_ns ? 0 : 1;
    return *result;
}
