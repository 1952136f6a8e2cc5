// SPDX-License-Identifier: MIT

#include "rt/path/tick_clock.hpp"

#include "rt/os/ticks.hpp"

#include <doctest/doctest.h>
#include <cstdint>

namespace {

namespace rt = outboard::rt;

/// A machine whose clock and counter do what a test says.
struct Machine {
    double now_ns = 1e12;
    double ticks = 5e11;
    double ticks_a_ns = 2.5;
    double reading_ns = 20.0;  ///< what a reading of the clock takes
    std::uint64_t clock_reads = 0;

    void pass(double passed_ns)
    {
        now_ns += passed_ns;
        ticks += passed_ns * ticks_a_ns;
    }
};

struct FakeTicks {
    Machine* machine;

    [[nodiscard]] std::uint64_t ticks() const noexcept
    {
        return static_cast<std::uint64_t>(machine->ticks);
    }
    [[nodiscard]] std::uint64_t clock_ns() const noexcept
    {
        ++machine->clock_reads;
        machine->pass(machine->reading_ns / 2);
        const auto now_ns = static_cast<std::uint64_t>(machine->now_ns);
        machine->pass(machine->reading_ns / 2);
        return now_ns;
    }
};

using Clock = rt::TickClock<FakeTicks>;

[[nodiscard]] double error_ns(Clock& clock, const Machine& machine)
{
    const auto now_ns = static_cast<double>(clock.now_ns());
    return machine.now_ns - now_ns;
}

/// Lets the clock find out the rate of the counter.
void settle(Clock& clock, Machine& machine)
{
    for (int reading = 0; reading < 12; ++reading) {
        static_cast<void>(clock.now_ns());
        machine.pass(Clock::first_measure_ns / 10.0);
    }
}

}  // namespace

TEST_SUITE_BEGIN("rt/tick_clock");

TEST_CASE("until the rate is known each reading is one of the clock")
{
    Machine machine;
    Clock clock{true, {&machine}};
    for (std::uint64_t reading = 1; reading <= 10; ++reading) {
        CHECK(error_ns(clock, machine) <= machine.reading_ns);
        CHECK(machine.clock_reads == reading);
        machine.pass(100'000.0);
    }
}

TEST_CASE("within a window the counter continues the clock")
{
    Machine machine;
    Clock clock{true, {&machine}};
    settle(clock, machine);
    static_cast<void>(clock.now_ns());
    const std::uint64_t reads = machine.clock_reads;
    for (int reading = 0; reading < 900; ++reading) {
        machine.pass(1'000.0);
        CHECK(error_ns(clock, machine) < 30.0);
        CHECK(error_ns(clock, machine) > -30.0);
    }
    CHECK(machine.clock_reads == reads);
    machine.pass(200'000.0);
    static_cast<void>(clock.now_ns());
    CHECK(machine.clock_reads == reads + 1);
}

TEST_CASE("a clock that is being corrected is followed")
{
    Machine machine;
    Clock clock{true, {&machine}};
    settle(clock, machine);
    machine.ticks_a_ns *= 1.0005;  // 500 ppm, what an NTP daemon slews by at the most
    for (int reading = 0; reading < 2'500; ++reading) {
        machine.pass(Clock::window_ns * 0.9);
        CHECK(error_ns(clock, machine) < 1'000.0);
        CHECK(error_ns(clock, machine) > -1'000.0);
    }
    machine.pass(Clock::window_ns * 0.9);
    CHECK(error_ns(clock, machine) < 30.0);
    CHECK(error_ns(clock, machine) > -30.0);
}

TEST_CASE("a counter of another rate, after a move of the machine, misleads within a window only")
{
    Machine machine;
    Clock clock{true, {&machine}};
    settle(clock, machine);
    machine.ticks_a_ns = 0.5;
    for (int reading = 0; reading < 3'000; ++reading) {
        machine.pass(Clock::window_ns * 1.01);
        const double error = error_ns(clock, machine);
        CHECK(error < 5.0 * Clock::window_ns);
        CHECK(error > -5.0 * Clock::window_ns);
    }
    machine.pass(1'000.0);
    CHECK(error_ns(clock, machine) < 30.0);
}

TEST_CASE("a reading that was interrupted is no base")
{
    Machine machine;
    Clock clock{true, {&machine}};
    settle(clock, machine);
    machine.pass(2.0 * Clock::window_ns);
    machine.reading_ns = 500'000.0;
    static_cast<void>(clock.now_ns());
    machine.reading_ns = 20.0;
    const std::uint64_t reads = machine.clock_reads;
    CHECK(error_ns(clock, machine) < 30.0);
    CHECK(machine.clock_reads == reads + 1);
}

TEST_CASE("a counter that stands still is left alone")
{
    Machine machine;
    machine.ticks_a_ns = 0.0;
    Clock clock{true, {&machine}};
    for (int reading = 0; reading < 100; ++reading) {
        machine.pass(Clock::first_measure_ns / 3.0);
        CHECK(error_ns(clock, machine) <= machine.reading_ns);
    }
    CHECK(machine.clock_reads == 100);
}

TEST_CASE("time never goes back")
{
    Machine machine;
    Clock clock{true, {&machine}};
    settle(clock, machine);
    std::uint64_t earlier_ns = clock.now_ns();
    machine.ticks_a_ns *= 1.001;  // the counter runs ahead of what was measured
    for (int reading = 0; reading < 10'000; ++reading) {
        machine.pass(reading % 7 == 0 ? 150'000.0 : 10.0);
        const std::uint64_t now_ns = clock.now_ns();
        CHECK(now_ns >= earlier_ns);
        earlier_ns = now_ns;
    }
}

TEST_CASE("on this machine it is the clock")
{
    rt::TickClock<> clock{rt::os::has_steady_ticks()};
    constexpr std::uint64_t tolerance_ns = 2'000;
    const std::uint64_t end_ns = rt::os::monotonic_ns() + 50'000'000;
    std::uint64_t readings = 0;
    while (rt::os::monotonic_ns() < end_ns) {
        const std::uint64_t before_ns = rt::os::monotonic_ns();
        const std::uint64_t now_ns = clock.now_ns();
        const std::uint64_t after_ns = rt::os::monotonic_ns();
        // A stall between two of them widens the interval.
        REQUIRE(now_ns + tolerance_ns >= before_ns);
        REQUIRE(now_ns <= after_ns + tolerance_ns);
        ++readings;
    }
    MESSAGE(readings << " readings, steady ticks: " << rt::os::has_steady_ticks());
    CHECK(readings > 100);
}
