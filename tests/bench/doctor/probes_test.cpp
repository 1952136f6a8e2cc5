// SPDX-License-Identifier: MIT

#include "bench/doctor/probes.hpp"

#include "rt/os/scheduling.hpp"

#include <doctest/doctest.h>

using namespace outboard;
using namespace outboard::doctor;

TEST_SUITE("bench/doctor_probes")
{
    TEST_CASE("wake-ups of this machine are counted, and nobody keeps the rights that were tried")
    {
        const auto before = rt::os::thread_scheduling(0);
        const Probes probes = probe_machine(100'000'000);
        const auto after = rt::os::thread_scheduling(0);
        REQUIRE(before);
        REQUIRE(after);
        CHECK(after->policy == before->policy);
        CHECK(after->nice_level == before->nice_level);

        CHECK(probes.wake_ups.count == 100);
        CHECK(probes.wake_ups.p50_ns <= probes.wake_ups.p99_ns);
        CHECK(probes.wake_ups.p99_ns <= probes.wake_ups.max_ns);
        CHECK_FALSE(probes.wake_ups.p99_9_ns);
        CHECK(probes.grant.requested_priority >= lowest_useful_priority);
        CHECK(probes.cpu_times_before.starts_with("cpu"));
        CHECK(probes.cpu_times_after.starts_with("cpu"));
    }
}
