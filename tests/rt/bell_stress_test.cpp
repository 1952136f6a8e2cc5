// SPDX-License-Identifier: MIT
//
// The doorway to sleep under load: two sides that meet there at every instant.

#include "rt/path/bell.hpp"

#include "bench/forked_process.hpp"
#include "rt/os/scheduling.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstdint>
#include <random>
#include <thread>
#include <vector>

namespace {

using namespace outboard::rt;
using outboard::bench::ForkedProcess;
using outboard::bench::SharedObject;

using Word = std::atomic<std::uint32_t>;

constexpr std::uint64_t limit_ns = 20'000'000'000;

[[nodiscard]] std::vector<bool> ways_to_wait()
{
    return os::can_wait_on_many() ? std::vector<bool>{false, true} : std::vector<bool>{false};
}

/// Waits for one bell, and says whether that ended before the limit: after a lost wake the last
/// look at the deadline still finds what was announced, so `ready` alone would hide the loss.
template <typename Ready>
[[nodiscard]] bool wakes_before_limit(Bell& bell, bool use_wait_any, Ready&& ready)
{
    const Word alarm{0};
    BellWait wait{&alarm, use_wait_any};
    wait.add(bell);
    const std::uint64_t deadline_ns = os::monotonic_ns() + limit_ns;
    const WaitEnd end = wait.wait(deadline_ns, ready);
    return end == WaitEnd::ready && os::monotonic_ns() < deadline_ns;
}

/// What a ringer that never sleeps and a waiter that always tries to share. The counts are the
/// news, the bell is the way to tell.
struct Doorway {
    Bell bell;
    alignas(cache_line_bytes) std::atomic<std::uint64_t> sent_count{0};
    alignas(cache_line_bytes) std::atomic<std::uint64_t> seen_count{0};
};

constexpr std::uint64_t round_count = 100'000;

/// Two CPUs where there are two: on one alone the two sides never meet in the doorway.
void run_on_cpu(std::size_t wanted)
{
    const auto cpus = os::thread_cpus(0);
    if (cpus && cpus->size() > wanted)
        static_cast<void>(os::set_thread_cpus(0, {(*cpus)[wanted]}));
}

/// Rings once for each message that the waiter has seen, a moment later: 0 to 255 turns, so that
/// the ring falls into every instant of the other's going to sleep.
[[nodiscard]] bool ring_all(Doorway& door)
{
    run_on_cpu(1);
    std::minstd_rand random{std::random_device{}()};
    for (std::uint64_t round = 1; round <= round_count; ++round) {
        for (auto turns = random() % 256; turns != 0; --turns)
            asm volatile("" : : : "memory");
        door.sent_count.store(round, std::memory_order_release);
        ring(door.bell);
        const std::uint64_t give_up_ns = os::monotonic_ns() + 2 * limit_ns;
        while (door.seen_count.load(std::memory_order_acquire) != round) {
            if (os::monotonic_ns() >= give_up_ns)
                return false;
        }
    }
    return true;
}

/// @return how many messages arrived without a lost wake
[[nodiscard]] std::uint64_t wait_for_all(Doorway& door, bool use_wait_any)
{
    run_on_cpu(0);
    for (std::uint64_t round = 1; round <= round_count; ++round) {
        const bool woken = wakes_before_limit(door.bell, use_wait_any, [&] {
            return door.sent_count.load(std::memory_order_acquire) >= round;
        });
        if (!woken)
            return round - 1;
        door.seen_count.store(round, std::memory_order_release);
    }
    return round_count;
}

}  // namespace

TEST_SUITE("rt/bell_stress")
{
    TEST_CASE("between two threads no wake is lost [stress]")
    {
        for (const bool use_wait_any : ways_to_wait()) {
            CAPTURE(use_wait_any);
            Doorway door;
            bool all_rung = false;
            std::uint64_t arrived = 0;
            std::thread ringer{[&] { all_rung = ring_all(door); }};
            std::thread waiter{[&] { arrived = wait_for_all(door, use_wait_any); }};
            waiter.join();
            ringer.join();
            CHECK(arrived == round_count);
            CHECK(all_rung);
        }
    }

    TEST_CASE("between two processes no wake is lost [stress]")
    {
        for (const bool use_wait_any : ways_to_wait()) {
            CAPTURE(use_wait_any);
            const SharedObject<Doorway> door;
            ForkedProcess ringer{[&] { return ring_all(*door); }};
            std::uint64_t arrived = 0;
            std::thread waiter{[&] { arrived = wait_for_all(*door, use_wait_any); }};
            waiter.join();
            CHECK(arrived == round_count);
            CHECK(ringer.ended_well(3 * limit_ns));
        }
    }
}
