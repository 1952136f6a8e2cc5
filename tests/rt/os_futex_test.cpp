// SPDX-License-Identifier: MIT
//
// Both ways to wait: on one word, which every kernel can, and on many.

#include "rt/os/clock.hpp"
#include "rt/os/futex.hpp"
#include "rt/os/memory.hpp"
#include "tests/support/no_alloc_scope.hpp"

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace {

using namespace outboard::rt;
using os::FutexScope;
using os::WaitOutcome;

using Word = std::atomic<std::uint32_t>;

constexpr std::uint64_t ns_per_ms = 1'000'000;
constexpr std::uint64_t limit_ns = 20'000 * ns_per_ms;

[[nodiscard]] std::uint64_t in_ms(std::uint64_t ms)
{
    return os::monotonic_ns() + ms * ns_per_ms;
}

/// Waits for `word` beside a private word that nobody rings, on the path under test.
[[nodiscard]] WaitOutcome wait_for(const Word& word, std::uint32_t expected, FutexScope scope,
                                   std::uint64_t deadline_ns, bool on_many)
{
    const os::FutexWait wait{&word, expected, scope};
    if (!on_many)
        return os::futex_wait(wait, deadline_ns);
    const Word never_rung{0};
    const std::array waits{os::FutexWait{&never_rung, 0, FutexScope::this_process}, wait};
    return os::futex_wait_any(waits, deadline_ns);
}

/// Rings until the waiter says that it has seen it: a wake before the sleep is lost by design.
void ring_until(Word& word, FutexScope scope, const std::atomic<bool>& done)
{
    word.fetch_add(1, std::memory_order_seq_cst);
    const std::uint64_t give_up_ns = os::monotonic_ns() + limit_ns;
    while (!done.load(std::memory_order_acquire) && os::monotonic_ns() < give_up_ns) {
        os::futex_wake(word, scope);
        os::sleep_until_ns(in_ms(1));
    }
}

void check_wake(Word& word, FutexScope scope, bool on_many)
{
    std::atomic<bool> done{false};
    std::thread ringer{[&] {
        os::sleep_until_ns(in_ms(5));
        ring_until(word, scope, done);
    }};
    const WaitOutcome outcome = wait_for(word, 0, scope, os::monotonic_ns() + limit_ns, on_many);
    done.store(true, std::memory_order_release);
    ringer.join();
    CHECK((outcome == WaitOutcome::woken || outcome == WaitOutcome::changed));
    CHECK(word.load(std::memory_order_seq_cst) == 1);
}

/// The paths this kernel has.
[[nodiscard]] std::vector<bool> paths()
{
    return os::can_wait_on_many() ? std::vector<bool>{false, true} : std::vector<bool>{false};
}

}  // namespace

TEST_SUITE("rt/os_futex")
{
    TEST_CASE("a word that has changed already ends the wait at once, deadline or not")
    {
        const Word word{7};
        for (const bool on_many : paths()) {
            CAPTURE(on_many);
            CHECK(wait_for(word, 6, FutexScope::shared, os::no_deadline_ns, on_many) ==
                  WaitOutcome::changed);
        }
    }

    TEST_CASE("a wait ends at its deadline, not before")
    {
        const Word word{0};
        for (const bool on_many : paths()) {
            CAPTURE(on_many);
            const std::uint64_t deadline_ns = in_ms(10);
            WaitOutcome outcome = WaitOutcome::woken;
            while (outcome == WaitOutcome::woken)  // a signal, or a wake for nothing
                outcome = wait_for(word, 0, FutexScope::shared, deadline_ns, on_many);
            CHECK(outcome == WaitOutcome::timed_out);
            CHECK(os::monotonic_ns() >= deadline_ns);
        }
    }

    TEST_CASE("a deadline in the past is no wait")
    {
        const Word word{0};
        for (const bool on_many : paths()) {
            CAPTURE(on_many);
            CHECK(wait_for(word, 0, FutexScope::shared, 1, on_many) == WaitOutcome::timed_out);
        }
    }

    TEST_CASE("a ring wakes the waiter of a private word")
    {
        for (const bool on_many : paths()) {
            CAPTURE(on_many);
            Word word{0};
            check_wake(word, FutexScope::this_process, on_many);
        }
    }

    TEST_CASE("a ring wakes the waiter that sees the word in another mapping")
    {
        const auto memory = os::create_shared_memory("outboard-test", 1);
        REQUIRE(memory);
        const auto mapping = os::map_shared(*memory, 1, os::Access::read_write);
        REQUIRE(mapping);
        for (const bool on_many : paths()) {
            CAPTURE(on_many);
            check_wake(*new (mapping->data()) Word{0}, FutexScope::shared, on_many);
        }
    }

    TEST_CASE("as many words as allowed can be waited for, and the last one counts")
    {
        const std::vector<Word> words(os::futex_wait_max);
        std::vector<os::FutexWait> waits;
        waits.reserve(words.size());
        for (const Word& word : words)
            waits.push_back({&word, 0, FutexScope::shared});
        const bool on_many = os::can_wait_on_many();
        CHECK(os::futex_wait_any(waits, 1) ==
              (on_many ? WaitOutcome::timed_out : WaitOutcome::unavailable));
        waits.back().expected = 1;
        CHECK(os::futex_wait_any(waits, os::no_deadline_ns) ==
              (on_many ? WaitOutcome::changed : WaitOutcome::unavailable));
    }

    TEST_CASE("waiting, waking and the clock do not allocate [rt]")
    {
        const Word word{0};
        const bool on_many = os::can_wait_on_many();
        const outboard::test::NoAllocScope scope;
        const std::uint64_t now_ns = os::monotonic_ns();
        const WaitOutcome one = wait_for(word, 0, FutexScope::shared, now_ns, false);
        const WaitOutcome many = wait_for(word, 1, FutexScope::shared, now_ns, true);
        os::futex_wake(word, FutexScope::shared);
        const auto violations = scope.violations();

        CHECK(one == WaitOutcome::timed_out);
        CHECK(many == (on_many ? WaitOutcome::changed : WaitOutcome::unavailable));
        CHECK(violations == 0);
    }
}

TEST_SUITE("rt/os_clock")
{
    TEST_CASE("the clock runs forward, and a sleep ends at its time, not before")
    {
        const std::uint64_t start_ns = os::monotonic_ns();
        os::sleep_until_ns(start_ns + 2 * ns_per_ms);
        CHECK(os::monotonic_ns() >= start_ns + 2 * ns_per_ms);
        os::sleep_until_ns(start_ns);  // the past: no sleep at all
    }
}
