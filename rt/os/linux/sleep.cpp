// SPDX-License-Identifier: MIT
//
// Apart from clock.cpp, because that is real-time code, whose archive may call nothing that sleeps.

#include "rt/os/clock.hpp"
#include "rt/os/linux/time_spec.hpp"

#include <cerrno>
#include <ctime>

namespace outboard::rt::os {

void sleep_until_ns(std::uint64_t deadline_ns) noexcept
{
    const timespec deadline = to_timespec(deadline_ns);
    // The time is absolute, so a signal costs nothing but another call.
    while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &deadline, nullptr) == EINTR) {
    }
}

}  // namespace outboard::rt::os
