// SPDX-License-Identifier: MIT
//
// Thousands of random streams with everything that can go wrong, in virtual time: no process, no
// thread, no wait. A schedule that breaks a promise is made smaller and printed.
//
//     OB_TEST_SEED=n               the same schedules again
//     OB_TEST_SCHEDULE=text        only this one, told step by step
//     OB_TEST_SCHEDULE_COUNT=n     so many

#include "tests/integration/support/seed.hpp"
#include "tests/sdk/simulation/schedule.hpp"
#include "tests/sdk/simulation/shrink.hpp"
#include "tests/sdk/simulation/simulation.hpp"
#include "tests/sdk/simulation/virtual_os.hpp"
#include "tests/support/sanitizer.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>

using namespace outboard::test;

namespace {

std::string running;  ///< the schedule under way, for the handler

/// A touch of memory that was taken away, or an assertion of ours.
void say_schedule(int signal_number)
{
    const char text[] =
        "\na replica was touched after its release, or an assertion failed: "
        "OB_TEST_SCHEDULE=";
    static_cast<void>(!::write(STDOUT_FILENO, text, sizeof(text) - 1));
    static_cast<void>(!::write(STDOUT_FILENO, running.data(), running.size()));
    static_cast<void>(!::write(STDOUT_FILENO, "\n", 1));
    ::signal(signal_number, SIG_DFL);
    ::raise(signal_number);
}

[[nodiscard]] std::string run(const Schedule& schedule, Totals& totals, bool tells = false)
{
    running = to_text(schedule);
    return Simulation{schedule, totals, tells}.run();
}

[[nodiscard]] std::string run_and_shrink(const Schedule& schedule, Totals& totals)
{
    const std::string broken = run(schedule, totals);
    if (broken.empty())
        return broken;
    const Schedule smallest = shrunk(schedule, [](const Schedule& smaller) {
        Totals ignored;
        return !run(smaller, ignored).empty();
    });
    Totals ignored;
    return run(smallest, ignored) + "\nOB_TEST_SCHEDULE=" + to_text(smallest);
}

[[nodiscard]] const char* environment(const char* name)
{
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment of a test
    return std::getenv(name);
}

[[nodiscard]] std::uint32_t schedule_count()
{
    const char* const given = environment("OB_TEST_SCHEDULE_COUNT");
    if (given != nullptr)
        return static_cast<std::uint32_t>(std::strtoul(given, nullptr, 10));
    return has_sanitizer ? 2'000 : 20'000;
}

void print(const Totals& totals)
{
    MESSAGE(totals.blocks << " blocks, " << totals.concealed_blocks << " concealed, "
                          << totals.free_pace_blocks << " at free pace (" << totals.given_up
                          << " given up); " << totals.strikes << " strikes, " << totals.deaths
                          << " deaths, " << totals.losses << " replicas let go; " << totals.joins
                          << " joined, " << totals.checkpoint_joins << " with a checkpoint; "
                          << totals.withdrawn << " withdrawn; " << totals.saved_by_standby
                          << " blocks of a dying primary taken from a standby; " << totals.renewals
                          << " renewals of the reserve, which saved " << totals.saved_by_reserve
                          << " blocks; " << totals.poison_units << " poison units found; "
                          << totals.identical_frames << " frames identical");
    const VirtualOs& os = virtual_os();
    MESSAGE(os.woken_count << " sleeps ended by a wake, " << os.changed_count << " not begun, "
                           << os.timed_out_count << " ended at their time");
}

}  // namespace

TEST_SUITE("sdk/replica_simulation")
{
    TEST_CASE("a schedule survives its text")
    {
        auto generator = seeded_generator();
        for (int count = 0; count < 100; ++count) {
            const Schedule schedule = random_schedule(generator);
            const auto parsed = parse_schedule(to_text(schedule));
            REQUIRE(parsed);
            CHECK(to_text(*parsed) == to_text(schedule));
        }
        CHECK_FALSE(parse_schedule("nonsense"));
        CHECK_FALSE(parse_schedule("1/2,3+4:unheard_of:0:0"));
    }

    TEST_CASE("a failing schedule is shrunk to what makes it fail")
    {
        Schedule schedule{.seed = 1, .block_count = 40, .events = {}};
        for (std::uint32_t block = 0; block < 30; ++block)
            schedule.events.push_back({block, 0, Strike::kill, 0, 0});
        const Schedule smallest = shrunk(schedule, [](const Schedule& smaller) {
            const auto has = [&](std::uint32_t block) {
                return std::any_of(smaller.events.begin(), smaller.events.end(),
                                   [&](const auto& event) { return event.block == block; });
            };
            return has(7) && has(23) && smaller.block_count > 23;
        });
        CHECK(to_text(smallest) == "1/24,7+0:kill:0:0,23+0:kill:0:0");
    }

    TEST_CASE("whatever goes wrong, the caller is kept every promise")
    {
        ::signal(SIGSEGV, say_schedule);
        ::signal(SIGABRT, say_schedule);
        Totals totals;
        if (const char* const text = environment("OB_TEST_SCHEDULE"); text != nullptr) {
            const auto schedule = parse_schedule(text);
            REQUIRE_MESSAGE(schedule, "OB_TEST_SCHEDULE cannot be read");
            const std::string broken = run(*schedule, totals, true);
            CHECK_MESSAGE(broken.empty(), broken);
            return;
        }
        auto generator = seeded_generator();
        const std::uint32_t wanted = schedule_count();
        for (std::uint32_t count = 0; count < wanted; ++count) {
            const std::string broken = run_and_shrink(random_schedule(generator), totals);
            REQUIRE_MESSAGE(broken.empty(), broken);
        }
        print(totals);
        CHECK(totals.deaths > wanted / 2);
        CHECK(totals.checkpoint_joins > wanted / 10);
        CHECK(totals.saved_by_standby > wanted / 100);
        CHECK(totals.saved_by_reserve > wanted / 1000);
        CHECK(totals.renewals > wanted / 100);
        CHECK(totals.concealed_blocks > wanted / 10);
        CHECK(totals.withdrawn > 0);
        CHECK(totals.poison_units > wanted / 1000);
        CHECK(totals.identical_frames > wanted * 100);
    }
}
