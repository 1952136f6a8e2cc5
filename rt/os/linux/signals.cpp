// SPDX-License-Identifier: MIT

#include "rt/os/signals.hpp"

#include "rt/os/linux/errors.hpp"

#include <signal.h>
#include <sys/signalfd.h>
#include <cstring>

namespace outboard::rt::os {
namespace {

void ignore(int signal_number) noexcept
{
    struct sigaction action {};
    action.sa_handler = SIG_IGN;
    // Fails only for a signal that cannot be ignored, and there is none among ours.
    ::sigaction(signal_number, &action, nullptr);
}

}  // namespace

Result<UniqueHandle> redirect_termination() noexcept
{
    sigset_t signals{};
    ::sigemptyset(&signals);
    for (const int signal_number : {SIGTERM, SIGINT, SIGHUP})
        ::sigaddset(&signals, signal_number);
    if (const int refused = ::pthread_sigmask(SIG_BLOCK, &signals, nullptr); refused != 0)
        return system_error("pthread_sigmask", refused);
    UniqueHandle handle{::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK)};
    if (!handle.is_open())
        return system_error("signalfd");
    ignore(SIGPIPE);
    return handle;
}

void ignore_terminal_signals() noexcept
{
    for (const int signal_number : {SIGINT, SIGQUIT, SIGHUP, SIGPIPE})
        ignore(signal_number);
}

std::string signal_name(int signal_number)
{
    const char* const name = ::sigabbrev_np(signal_number);
    return name != nullptr ? std::string{"SIG"} + name : "signal " + std::to_string(signal_number);
}

}  // namespace outboard::rt::os
