// SPDX-License-Identifier: MIT
//
// Both ways to wait are tried where the kernel has both; a second run of this program, with
// OUTBOARD_NO_FUTEX_WAITV=1, has the fall-back only.

#include "rt/path/bell.hpp"

#include "tests/support/no_alloc_scope.hpp"
#include "tests/support/skip.hpp"

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace {

using namespace outboard::rt;

using Word = std::atomic<std::uint32_t>;

constexpr std::uint64_t ns_per_ms = 1'000'000;
constexpr std::uint64_t limit_ns = 20'000 * ns_per_ms;

[[nodiscard]] std::uint64_t in_ms(std::uint64_t ms)
{
    return os::monotonic_ns() + ms * ns_per_ms;
}

[[nodiscard]] std::vector<bool> ways_to_wait()
{
    return os::can_wait_on_many() ? std::vector<bool>{false, true} : std::vector<bool>{false};
}

/// Returns once the waiter has said that it sleeps; it may still be on its way into the kernel.
[[nodiscard]] bool comes_to_sleep(const Bell& bell)
{
    const std::uint64_t give_up_ns = os::monotonic_ns() + limit_ns;
    while (bell.asleep.load(std::memory_order_acquire) == 0) {
        if (os::monotonic_ns() >= give_up_ns)
            return false;
        std::this_thread::yield();
    }
    return true;
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
    return wait.wait(deadline_ns, ready) == WaitEnd::ready && os::monotonic_ns() < deadline_ns;
}

}  // namespace

TEST_SUITE("rt/bell")
{
    TEST_CASE("a ring advances the bell, and makes a system call only while somebody sleeps")
    {
        Bell bell;
        CHECK_FALSE(ring(bell));
        bell.asleep.store(0xdead, std::memory_order_relaxed);  // whatever the flag says for yes
        CHECK(ring(bell));
        CHECK(bell.rung.load(std::memory_order_relaxed) == 2);
    }

    TEST_CASE("what is there already ends the wait without a look at clock or bells")
    {
        Bell bell;
        for (const bool use_wait_any : ways_to_wait()) {
            BellWait wait{nullptr, use_wait_any};
            wait.add(bell);
            CHECK(wait.wait(0, [] { return true; }) == WaitEnd::ready);
            CHECK(bell.asleep.load(std::memory_order_relaxed) == 0);
        }
    }

    TEST_CASE("a deadline in the past is one look and no wait")
    {
        Bell bell;
        BellWait wait{nullptr, os::can_wait_on_many()};
        wait.add(bell);
        int looks = 0;
        CHECK(wait.wait(1, [&] { return ++looks > 1; }) == WaitEnd::deadline);
        CHECK(looks == 1);
    }

    TEST_CASE("a wait for nothing ends at its deadline, with the sleep flag down")
    {
        Bell bell;
        const Word alarm{0};
        for (const bool use_wait_any : ways_to_wait()) {
            CAPTURE(use_wait_any);
            BellWait wait{&alarm, use_wait_any};
            wait.add(bell);
            const std::uint64_t deadline_ns = in_ms(10);
            CHECK(wait.wait(deadline_ns, [] { return false; }) == WaitEnd::deadline);
            CHECK(os::monotonic_ns() >= deadline_ns);
            CHECK(bell.asleep.load(std::memory_order_relaxed) == 0);
        }
    }

    TEST_CASE("what arrives without a ring is found by the last look, at the deadline")
    {
        Bell bell;
        for (const bool use_wait_any : ways_to_wait()) {
            CAPTURE(use_wait_any);
            BellWait wait{nullptr, use_wait_any};
            wait.add(bell);
            const std::uint64_t deadline_ns = in_ms(10);
            CHECK(wait.wait(deadline_ns, [&] { return os::monotonic_ns() >= deadline_ns; }) ==
                  WaitEnd::ready);
        }
    }

    TEST_CASE("a waiter that sleeps is woken by a ring")
    {
        for (const bool use_wait_any : ways_to_wait()) {
            CAPTURE(use_wait_any);
            Bell bell;
            std::atomic<bool> arrived{false};
            bool slept = false;
            std::thread ringer{[&] {
                slept = comes_to_sleep(bell);
                os::sleep_until_ns(in_ms(2));
                arrived.store(true, std::memory_order_release);
                ring(bell);
            }};
            CHECK(wakes_before_limit(bell, use_wait_any,
                                     [&] { return arrived.load(std::memory_order_acquire); }));
            ringer.join();
            CHECK(slept);
        }
    }

    TEST_CASE("a ring between the look and the sleep is not slept through")
    {
        for (const bool use_wait_any : ways_to_wait()) {
            CAPTURE(use_wait_any);
            Bell bell;
            int looks = 0;
            CHECK(wakes_before_limit(bell, use_wait_any, [&] {
                if (++looks == 1)
                    ring(bell);
                return looks > 1;
            }));
            CHECK(looks == 2);
        }
    }

    TEST_CASE("an alarm between the look and the sleep makes the kernel refuse to sleep")
    {
        if (!os::can_wait_on_many())
            return outboard::test::skip("no futex_waitv: an alarm waits for the deadline here");
        std::array<Bell, 2> bells;
        Word alarm{0};
        BellWait wait{&alarm, true};
        for (Bell& bell : bells)
            wait.add(bell);
        int looks = 0;
        const std::uint64_t deadline_ns = os::monotonic_ns() + limit_ns;
        const WaitEnd end = wait.wait(deadline_ns, [&] {
            if (++looks == 1)
                raise_alarm(alarm);
            return looks > 1;
        });
        CHECK(end == WaitEnd::ready);
        CHECK(looks == 2);
        CHECK(os::monotonic_ns() < deadline_ns);
    }

    TEST_CASE("an alarm wakes, and what was stored before it is seen")
    {
        if (!os::can_wait_on_many())
            return outboard::test::skip("no futex_waitv: an alarm waits for the deadline here");
        std::array<Bell, 2> bells;
        Word alarm{0};
        int died = 0;  // plain: the alarm's order alone publishes it
        BellWait wait{&alarm, true};
        for (Bell& bell : bells)
            wait.add(bell);
        std::thread supervisor{[&] {
            static_cast<void>(comes_to_sleep(bells[1]));
            died = 1;
            raise_alarm(alarm);
        }};
        // Our own ring makes the waiter load the alarm once more, so that the acquire there, and
        // not the relaxed look here, is what makes `died` visible.
        bool seen = false;
        const std::uint64_t deadline_ns = os::monotonic_ns() + limit_ns;
        const WaitEnd end = wait.wait(deadline_ns, [&] {
            if (seen)
                return died == 1;
            seen = alarm.load(std::memory_order_relaxed) != 0;
            if (seen)
                ring(bells[0]);
            return false;
        });
        const std::uint64_t ended_ns = os::monotonic_ns();
        supervisor.join();
        CHECK(end == WaitEnd::ready);
        CHECK(ended_ns < deadline_ns);
    }

    TEST_CASE("a wait without bells is woken by the alarm, on every kernel")
    {
        for (const bool use_wait_any : ways_to_wait()) {
            CAPTURE(use_wait_any);
            Word alarm{0};
            BellWait wait{&alarm, use_wait_any};
            std::thread supervisor{[&] {
                os::sleep_until_ns(in_ms(2));
                raise_alarm(alarm);
            }};
            const std::uint64_t deadline_ns = os::monotonic_ns() + limit_ns;
            const WaitEnd end =
                wait.wait(deadline_ns, [&] { return alarm.load(std::memory_order_acquire) != 0; });
            const std::uint64_t ended_ns = os::monotonic_ns();
            supervisor.join();
            CHECK(end == WaitEnd::ready);
            CHECK(ended_ns < deadline_ns);
        }
    }

    TEST_CASE("a ring for a dead peer wakes, even after the peer took the sleep flag away")
    {
        for (const bool use_wait_any : ways_to_wait()) {
            CAPTURE(use_wait_any);
            Bell bell;
            std::atomic<bool> has_died{false};
            std::thread supervisor{[&] {
                static_cast<void>(comes_to_sleep(bell));
                bell.asleep.store(0, std::memory_order_seq_cst);
                has_died.store(true, std::memory_order_release);
                ring_for_dead(bell);
            }};
            CHECK(wakes_before_limit(bell, use_wait_any,
                                     [&] { return has_died.load(std::memory_order_acquire); }));
            supervisor.join();
        }
    }

    TEST_CASE("of many bells each one wakes")
    {
        if (!os::can_wait_on_many())
            return outboard::test::skip("no futex_waitv: only the first bell wakes here");
        std::array<Bell, BellWait::bells_max> bells;
        const Word alarm{0};
        for (const std::size_t rung : {std::size_t{0}, bells.size() / 2, bells.size() - 1}) {
            CAPTURE(rung);
            BellWait wait{&alarm, true};
            for (Bell& bell : bells)
                wait.add(bell);
            std::atomic<bool> arrived{false};
            std::thread ringer{[&] {
                static_cast<void>(comes_to_sleep(bells[rung]));
                arrived.store(true, std::memory_order_release);
                ring(bells[rung]);
            }};
            const std::uint64_t deadline_ns = os::monotonic_ns() + limit_ns;
            const WaitEnd end =
                wait.wait(deadline_ns, [&] { return arrived.load(std::memory_order_acquire); });
            const std::uint64_t ended_ns = os::monotonic_ns();
            ringer.join();
            CHECK(end == WaitEnd::ready);
            CHECK(ended_ns < deadline_ns);
        }
    }

    TEST_CASE("without futex_waitv another bell than the first is seen at the deadline")
    {
        Bell first;
        Bell second;
        BellWait wait{nullptr, false};
        wait.add(first);
        wait.add(second);
        std::atomic<bool> arrived{false};
        std::thread ringer{[&] {
            static_cast<void>(comes_to_sleep(second));
            arrived.store(true, std::memory_order_release);
            ring(second);
        }};
        const WaitEnd end =
            wait.wait(in_ms(100), [&] { return arrived.load(std::memory_order_acquire); });
        ringer.join();
        CHECK(end == WaitEnd::ready);
    }

    TEST_CASE("a cleared wait has no bell of before")
    {
        Bell before;
        Bell now;
        BellWait wait{nullptr, os::can_wait_on_many()};
        wait.add(before);
        wait.clear();
        wait.add(now);
        bool before_was_asleep = true;
        std::thread ringer{[&] {
            static_cast<void>(comes_to_sleep(now));
            before_was_asleep = before.asleep.load(std::memory_order_relaxed) != 0;
            ring(now);
        }};
        const WaitEnd end = wait.wait(os::monotonic_ns() + limit_ns, [&] {
            return now.rung.load(std::memory_order_relaxed) != 0;
        });
        ringer.join();
        CHECK(end == WaitEnd::ready);
        CHECK_FALSE(before_was_asleep);
    }

    TEST_CASE("a spin that finds it does not sleep, one that does not goes on to sleep")
    {
        Bell bell;
        BellWait wait{nullptr, os::can_wait_on_many()};
        wait.add(bell);
        int looks = 0;
        AdaptiveSpin long_spin{limit_ns};
        CHECK(wait.wait(os::monotonic_ns() + limit_ns, long_spin, [&] { return ++looks == 100; }) ==
              WaitEnd::ready);
        const std::uint64_t deadline_ns = in_ms(5);
        AdaptiveSpin short_spin{ns_per_ms};
        CHECK(wait.wait(deadline_ns, short_spin, [] { return false; }) == WaitEnd::deadline);
        CHECK(os::monotonic_ns() >= deadline_ns);
    }

    TEST_CASE("a spin longer than the wait ends at the deadline")
    {
        Bell bell;
        BellWait wait{nullptr, os::can_wait_on_many()};
        wait.add(bell);
        AdaptiveSpin spin{3'600'000 * ns_per_ms};  // the test would time out
        CHECK(wait.wait(in_ms(5), spin, [] { return false; }) == WaitEnd::deadline);
    }

    TEST_CASE("a wait that spins in vain sleeps afterwards, and the spin is told of it")
    {
        Bell bell;
        BellWait wait{nullptr, os::can_wait_on_many()};
        wait.add(bell);
        AdaptiveSpin spin{1'000};
        for (std::uint32_t vain = 0; vain < AdaptiveSpin::vain_spins_max; ++vain)
            CHECK(wait.wait(in_ms(1), spin, [] { return false; }) == WaitEnd::deadline);
        CHECK(spin.next_spin_ns() == 0);
    }

    TEST_CASE("a peer that rings without end cannot hold the waiter past its deadline")
    {
        for (const bool use_wait_any : ways_to_wait()) {
            CAPTURE(use_wait_any);
            Bell bell;
            const Word alarm{0};
            std::atomic<bool> stop{false};
            std::thread ringer{[&] {
                while (!stop.load(std::memory_order_relaxed))
                    ring(bell);
            }};
            BellWait wait{&alarm, use_wait_any};
            wait.add(bell);
            const WaitEnd end = wait.wait(in_ms(30), [] { return false; });
            stop.store(true, std::memory_order_relaxed);
            ringer.join();
            CHECK(end == WaitEnd::deadline);
            CHECK(bell.rung.load(std::memory_order_relaxed) > 0);
        }
    }

    TEST_CASE("a peer that takes the sleep flag away costs the wait until the deadline, no more")
    {
        for (const bool use_wait_any : ways_to_wait()) {
            CAPTURE(use_wait_any);
            Bell bell;
            std::atomic<bool> arrived{false};
            std::thread ringer{[&] {
                static_cast<void>(comes_to_sleep(bell));
                bell.asleep.store(0, std::memory_order_seq_cst);
                arrived.store(true, std::memory_order_release);
                ring(bell);
            }};
            BellWait wait{nullptr, use_wait_any};
            wait.add(bell);
            const WaitEnd end =
                wait.wait(in_ms(100), [&] { return arrived.load(std::memory_order_acquire); });
            ringer.join();
            CHECK(end == WaitEnd::ready);
        }
    }

    TEST_CASE("ringing and waiting neither allocate nor free [rt]")
    {
        Bell bell;
        Word alarm{0};
        const bool use_wait_any = os::can_wait_on_many();
        const outboard::test::NoAllocScope scope;
        BellWait wait{&alarm, use_wait_any};
        wait.add(bell);
        AdaptiveSpin spin{1'000};
        const WaitEnd end = wait.wait(in_ms(2), spin, [] { return false; });
        bell.asleep.store(1, std::memory_order_relaxed);
        const bool woke = ring(bell);
        raise_alarm(alarm);
        const auto violations = scope.violations();
        CHECK(end == WaitEnd::deadline);
        CHECK(woke);
        CHECK(violations == 0);
    }
}
