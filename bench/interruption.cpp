// SPDX-License-Identifier: MIT

#include "bench/interruption.hpp"

#include <signal.h>
#include <atomic>

namespace outboard::bench {

namespace {

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler stores it");

void note(int) noexcept
{
    interrupted.store(true, std::memory_order_relaxed);
}

void handle(void (*handler)(int), int flags) noexcept
{
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = flags;
    ::sigemptyset(&action.sa_mask);
    for (const int number : {SIGINT, SIGTERM, SIGHUP})
        static_cast<void>(::sigaction(number, &action, nullptr));
}

}  // namespace

void catch_interruption(SecondInterruption second) noexcept
{
    // With SA_RESETHAND the second one meets the default. Who notes them all wants its waits to
    // end.
    const bool ends = second == SecondInterruption::ends_at_once;
    handle(note, ends ? static_cast<int>(SA_RESETHAND | SA_RESTART) : 0);
}

void ignore_interruption() noexcept
{
    handle(SIG_IGN, 0);
}

bool is_interrupted() noexcept
{
    return interrupted.load(std::memory_order_relaxed);
}

}  // namespace outboard::bench
