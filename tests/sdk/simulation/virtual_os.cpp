// SPDX-License-Identifier: MIT

#include "tests/sdk/simulation/virtual_os.hpp"

#include "rt/os/clock.hpp"
#include "rt/os/futex.hpp"

#include <algorithm>

namespace outboard::test {

namespace {

/// A clock read takes so long; nothing else in the code under test does.
constexpr std::uint64_t clock_read_ns = 10;
/// A thread that was woken runs after so long.
constexpr std::uint64_t wake_ns = 1000;
/// More clock reads than any call can need.
constexpr std::uint64_t clock_reads_max = 2'000'000;

std::span<const rt::os::FutexWait> slept_on;
bool is_woken = false;

[[nodiscard]] bool has_changed(std::span<const rt::os::FutexWait> words)
{
    return std::any_of(words.begin(), words.end(), [](const rt::os::FutexWait& wait) {
        return wait.word->load(std::memory_order_seq_cst) != wait.expected;
    });
}

void run_one_event(VirtualOs& os)
{
    os.is_in_event = true;
    os.world->run_next_event();
    os.is_in_event = false;
}

[[nodiscard]] rt::os::WaitOutcome sleep_on(std::span<const rt::os::FutexWait> words,
                                           std::uint64_t deadline_ns)
{
    VirtualOs& os = virtual_os();
    os.world->on_sleep(deadline_ns);
    if (has_changed(words)) {
        ++os.changed_count;
        return rt::os::WaitOutcome::changed;
    }
    slept_on = words;
    is_woken = false;
    while (!is_woken && os.world->next_event_ns() < deadline_ns) {
        os.now_ns = std::max(os.now_ns, os.world->next_event_ns());
        run_one_event(os);
    }
    slept_on = {};
    if (!is_woken) {
        if (deadline_ns == rt::os::no_deadline_ns)
            os.world->on_runaway("the caller sleeps for ever");
        os.now_ns = std::max(os.now_ns, deadline_ns);
        ++os.timed_out_count;
        return rt::os::WaitOutcome::timed_out;
    }
    os.now_ns += wake_ns;
    ++os.woken_count;
    return rt::os::WaitOutcome::woken;
}

}  // namespace

VirtualOs& virtual_os()
{
    static VirtualOs os;
    return os;
}

void VirtualOs::start(World& new_world, std::uint64_t start_ns, bool waits_on_many)
{
    world = &new_world;
    now_ns = start_ns;
    can_wait_on_many = waits_on_many;
    clock_read_count = 0;
}

void VirtualOs::advance_to(std::uint64_t until_ns)
{
    while (world->next_event_ns() <= until_ns) {
        now_ns = std::max(now_ns, world->next_event_ns());
        run_one_event(*this);
    }
    now_ns = std::max(now_ns, until_ns);
    clock_read_count = 0;
}

}  // namespace outboard::test

namespace outboard::rt::os {

using test::virtual_os;

std::uint64_t monotonic_ns() noexcept OB_NONBLOCKING
{
    test::VirtualOs& os = virtual_os();
    if (os.is_in_event)
        return os.now_ns;
    os.now_ns += test::clock_read_ns;
    if (++os.clock_read_count == test::clock_reads_max)
        os.world->on_runaway("the caller reads the clock for ever");
    while (os.world->next_event_ns() <= os.now_ns)
        test::run_one_event(os);
    return os.now_ns;
}

/// The CPU's ticks know nothing of virtual time.
bool has_steady_ticks() noexcept
{
    return false;
}

bool can_wait_on_many() noexcept
{
    return virtual_os().can_wait_on_many;
}

WaitOutcome futex_wait_any(std::span<const FutexWait> words, std::uint64_t deadline_ns) noexcept
{
    return test::sleep_on(words, deadline_ns);
}

WaitOutcome futex_wait(const FutexWait& word, std::uint64_t deadline_ns) noexcept
{
    return test::sleep_on({&word, 1}, deadline_ns);
}

void futex_wake(const std::atomic<std::uint32_t>& word, FutexScope /*scope*/,
                int /*waiter_count*/) noexcept
{
    for (const FutexWait& wait : test::slept_on)
        test::is_woken |= wait.word == &word;
    virtual_os().world->on_wake(word);
}

}  // namespace outboard::rt::os
