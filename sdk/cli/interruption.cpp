// SPDX-License-Identifier: MIT
#include "sdk/cli/interruption.hpp"

#include <atomic>
#include <csignal>

namespace outboard::cli {

namespace {

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler stores it");

constexpr int hang_up_signal = 1;  ///< SIGHUP, which <csignal> need not have

extern "C" void note_interruption(int signal_number)
{
    interrupted.store(true, std::memory_order_relaxed);
    static_cast<void>(std::signal(signal_number, SIG_DFL));
}

}  // namespace

void catch_interruption() noexcept
{
    for (const int signal_number : {SIGINT, SIGTERM, hang_up_signal})
        static_cast<void>(std::signal(signal_number, note_interruption));
}

bool is_interrupted() noexcept
{
    return interrupted.load(std::memory_order_relaxed);
}

}  // namespace outboard::cli
