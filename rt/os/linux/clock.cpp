// SPDX-License-Identifier: MIT

#include "rt/os/clock.hpp"

#include "rt/os/linux/time_spec.hpp"

#include <ctime>

namespace outboard::rt::os {

std::uint64_t monotonic_ns() noexcept OB_NONBLOCKING
{
    timespec now{};
    // Cannot fail: the clock exists on every kernel and the pointer is ours.
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * ns_per_s +
           static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace outboard::rt::os
