// SPDX-License-Identifier: MIT
//
// What is left when a host dies: nothing.

#include "rt/os/clock.hpp"
#include "tests/integration/support/left_behind.hpp"
#include "tests/integration/support/running_host.hpp"
#include "tests/integration/support/runtime_directory.hpp"

#include <outboard/observe.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

using namespace outboard;
using test::kill_host;
using test::RunningHost;
using test::start_host;

namespace {

constexpr std::uint64_t ns_per_ms = 1'000'000;

struct Times {
    std::vector<std::uint64_t> all_ns;

    void add(std::uint64_t time_ns)
    {
        all_ns.insert(std::upper_bound(all_ns.begin(), all_ns.end(), time_ns), time_ns);
    }
    [[nodiscard]] double percentile_ms(std::size_t percent) const
    {
        const std::size_t index = std::min(all_ns.size() * percent / 100, all_ns.size() - 1);
        return static_cast<double>(all_ns[index]) / static_cast<double>(ns_per_ms);
    }
};

void sleep_up_to_ms(std::mt19937& random, unsigned longest_ms)
{
    std::uniform_int_distribution<std::uint64_t> time_ns{0, longest_ms * ns_per_ms};
    rt::os::sleep_until_ns(rt::os::monotonic_ns() + time_ns(random));
}

}  // namespace

TEST_SUITE("integration/host_death")
{
    TEST_CASE("services go with a host that is killed while it streams, and nothing is left")
    {
        const test::RuntimeDirectory runtime;
        const test::ProcessMark mark;
        const auto shared_memory_before = test::names_in("/dev/shm");
        const unsigned seed = std::random_device{}();
        CAPTURE(seed);
        std::mt19937 random{seed};

        // The control is a process that only waits, under a parent that only waits: what its end
        // takes is the machine's share.
        Times services;
        Times controls;
        for (int trial = 0; trial < 50; ++trial) {
            const RunningHost host = start_host({"gain"});
            sleep_up_to_ms(random, 5);
            services.add(kill_host(host));
            controls.add(kill_host(start_host({"--control"})));
        }
        MESSAGE("ms from kill -9 of the host to the end of its service: p50 "
                << services.percentile_ms(50) << ", p95 " << services.percentile_ms(95) << ", max "
                << services.percentile_ms(100) << "; control: p50 " << controls.percentile_ms(50)
                << ", p95 " << controls.percentile_ms(95) << ", max "
                << controls.percentile_ms(100));
        CHECK(services.percentile_ms(95) < 100.0 + controls.percentile_ms(95));
        CHECK(services.percentile_ms(100) < 1000.0 + controls.percentile_ms(100));

        CHECK(mark.wait_until_gone().empty());
        CHECK(test::orphaned_shared_memory(shared_memory_before).empty());
        // Files by which it was to be observed; all but the last one's went when the next came.
        CHECK(test::names_in(runtime.file("hosts")).size() == 2);
        CHECK(list_hosts().empty());
        CHECK(test::names_in(runtime.file("hosts")).empty());
    }

    TEST_CASE("a service that is stopped, or whose processor loops for ever, goes as well")
    {
        const test::RuntimeDirectory runtime;
        const test::ProcessMark mark;
        for (const char* const fault : {"stop", "spin"}) {
            CAPTURE(fault);
            static_cast<void>(kill_host(start_host({"null", fault})));
            CHECK(mark.wait_until_gone().empty());
        }
    }
}
