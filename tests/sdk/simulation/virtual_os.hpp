// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Takes the place of rt/os clock and futex in a test program, so that time passes only when the
/// code under test reads the clock or sleeps, and so that what other threads and processes would do
/// happens exactly then. One thread.
///
/// virtual_os.cpp defines the same symbols as rt/os/linux/clock.cpp and futex.cpp. It is linked as
/// an object of the program, before the archive that has the real ones.

#include <atomic>
#include <cstdint>
#include <span>

namespace outboard::test {

/// What happens beside the thread under test, in the order of time.
class World {
public:
    World() = default;
    World(const World&) = delete;
    World& operator=(const World&) = delete;
    virtual ~World() = default;

    /// When something happens next; rt::os::no_deadline_ns: never again.
    [[nodiscard]] virtual std::uint64_t next_event_ns() const = 0;
    /// Lets the next event happen. The clock shows its time.
    virtual void run_next_event() = 0;
    /// The thread under test, or an event, wakes whoever sleeps on the word.
    virtual void on_wake(const std::atomic<std::uint32_t>& word) = 0;
    /// The thread under test goes to sleep, at the latest until the deadline.
    virtual void on_sleep(std::uint64_t deadline_ns) = 0;
    /// The thread under test will not come back by itself: says what for, and ends the program.
    [[noreturn]] virtual void on_runaway(const char* what) = 0;
};

struct VirtualOs {
    World* world = nullptr;
    bool can_wait_on_many = true;
    std::uint64_t now_ns = 0;
    bool is_in_event = false;  ///< events do not happen within events
    std::uint64_t clock_read_count = 0;

    // How sleeps ended, over all worlds.
    std::uint64_t woken_count = 0;
    std::uint64_t changed_count = 0;
    std::uint64_t timed_out_count = 0;

    /// Starts a world at the given time.
    void start(World& new_world, std::uint64_t start_ns, bool waits_on_many);
    /// Lets everything happen until then, and sets the clock to it.
    void advance_to(std::uint64_t until_ns);
};

[[nodiscard]] VirtualOs& virtual_os();

}  // namespace outboard::test
