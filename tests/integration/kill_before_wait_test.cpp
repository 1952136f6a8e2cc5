// SPDX-License-Identifier: MIT
//
// The primary is killed exactly between the caller's last look and its wait: the linker puts a
// function of ours in the place of the two that sleep (--wrap), which kills, lets the supervisor
// see it, and only then sleeps. Run twice, with futex_waitv and without
// (OUTBOARD_NO_FUTEX_WAITV=1).

#include "rt/os/clock.hpp"
#include "rt/os/futex.hpp"
#include "tests/integration/support/one_insert.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <span>
#include <thread>
#include <vector>

using namespace outboard;
using rt::os::FutexWait;
using rt::os::WaitOutcome;

namespace {

using namespace std::chrono_literals;

constexpr auto budget = 300ms;
constexpr std::uint64_t budget_ns = 300'000'000;

/// What the wrapped functions are to do, and have done. Changed while no block is under way.
struct Injection {
    std::int32_t victim = 0;  ///< 0: nobody
    std::thread::id caller;
    std::vector<WaitOutcome> outcomes;   ///< of the caller's waits, from the strike on
    bool slept_to_the_deadline = false;  ///< of the block, not of the hedge before it
};
Injection injection;

[[nodiscard]] bool is_rung(std::span<const FutexWait> words)
{
    return std::any_of(words.begin(), words.end(), [](const FutexWait& word) {
        return word.word->load(std::memory_order_acquire) != word.expected;
    });
}

void kill_and_let_it_be_seen(std::span<const FutexWait> words)
{
    ::kill(injection.victim, SIGKILL);
    const auto limit = std::chrono::steady_clock::now() + 5s;
    while (!is_rung(words) && std::chrono::steady_clock::now() < limit)
        std::this_thread::sleep_for(100us);
}

template <typename Sleep>
WaitOutcome strike_and_sleep(std::span<const FutexWait> words, std::uint64_t deadline_ns,
                             Sleep&& sleep)
{
    if (injection.victim == 0 || std::this_thread::get_id() != injection.caller)
        return sleep();
    if (injection.outcomes.empty())
        kill_and_let_it_be_seen(words);
    const bool is_for_long = deadline_ns > rt::os::monotonic_ns() + budget_ns / 2;
    const WaitOutcome outcome = sleep();
    injection.outcomes.push_back(outcome);
    injection.slept_to_the_deadline |= is_for_long && outcome == WaitOutcome::timed_out;
    return outcome;
}

}  // namespace

// NOLINTBEGIN(bugprone-reserved-identifier,cert-*,readability-identifier-naming): the linker's
// names
extern "C" {
WaitOutcome __real__ZN8outboard2rt2os10futex_waitERKNS1_9FutexWaitEm(const FutexWait& word,
                                                                     std::uint64_t deadline_ns);
WaitOutcome __wrap__ZN8outboard2rt2os10futex_waitERKNS1_9FutexWaitEm(const FutexWait& word,
                                                                     std::uint64_t deadline_ns)
{
    return strike_and_sleep({&word, 1}, deadline_ns, [&] {
        return __real__ZN8outboard2rt2os10futex_waitERKNS1_9FutexWaitEm(word, deadline_ns);
    });
}
WaitOutcome
__real__ZN8outboard2rt2os14futex_wait_anyESt4spanIKNS1_9FutexWaitELm18446744073709551615EEm(
    std::span<const FutexWait> words, std::uint64_t deadline_ns);
constexpr auto real_wait_any =
    __real__ZN8outboard2rt2os14futex_wait_anyESt4spanIKNS1_9FutexWaitELm18446744073709551615EEm;
WaitOutcome
__wrap__ZN8outboard2rt2os14futex_wait_anyESt4spanIKNS1_9FutexWaitELm18446744073709551615EEm(
    std::span<const FutexWait> words, std::uint64_t deadline_ns)
{
    return strike_and_sleep(words, deadline_ns, [&] { return real_wait_any(words, deadline_ns); });
}
}
// NOLINTEND(bugprone-reserved-identifier,cert-*,readability-identifier-naming)

TEST_SUITE("integration/kill_before_wait")
{
    TEST_CASE("a kill between the last look and the wait costs no block")
    {
        test::OneInsert stream{OB_BUILTIN, [](InsertConfig& config) {
                                   config.processor = "null";
                                   config.standby = OB_STANDBY_HOT;
                                   config.standby_count = 1;
                                   config.hang_limit_ns = 5'000'000'000;
                               }};
        stream.set_budget(budget);
        const Insert& insert = stream.insert();
        int struck_count = 0;
        // How often the standby is faster, and nothing is struck, is the machine's choice.
        for (int round = 0; round < 10 || (struck_count < 3 && round < 100); ++round) {
            CAPTURE(round);
            REQUIRE(stream.process_until([&] { return insert.status().standby_count == 1; }));
            const auto before = insert.statistics();
            const std::int32_t primary = insert.status().service_process_id;
            REQUIRE(::kill(primary, SIGSTOP) == 0);  // so that it does not answer first
            injection = {.victim = primary,
                         .caller = std::this_thread::get_id(),
                         .outcomes = {},
                         .slept_to_the_deadline = false};
            const ob_status status = stream.process();
            injection.victim = 0;

            CHECK(status == OB_OK);
            CHECK(stream.is_output_input());
            CHECK(insert.statistics().concealed_blocks == before.concealed_blocks);
            if (injection.outcomes.empty())  // the standby was faster than the caller
                ::kill(primary, SIGKILL);
            REQUIRE(stream.process_until(
                [&] { return insert.statistics().failovers > before.failovers; }));
            if (injection.outcomes.empty())
                continue;
            ++struck_count;
            // It was rung for before the caller slept: the kernel does not let it.
            CHECK(injection.outcomes.front() == WaitOutcome::changed);
            // Without futex_waitv the standby may ring a bell that nobody sleeps on; its answer is
            // found at the deadline then.
            if (rt::os::can_wait_on_many())
                CHECK_FALSE(injection.slept_to_the_deadline);
        }
        CHECK(struck_count >= 3);
    }
}
