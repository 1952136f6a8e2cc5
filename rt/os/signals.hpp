// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Signals of a process that is ours (a service), never of a host.

#include "rt/control/result.hpp"
#include "rt/os/handle.hpp"

#include <string>

namespace outboard::rt::os {

/// From now on requests to end (Linux: SIGTERM, SIGINT, SIGHUP) do not end the process but make the
/// handle readable, in this thread and those that it starts later. A closed pipe kills nobody.
/// @pre no other thread runs yet
[[nodiscard]] Result<UniqueHandle> redirect_termination() noexcept;

/// For a process whose life is bound to another one's: what a user types at the terminal (Ctrl-C)
/// or the end of the terminal concerns that one alone. A closed pipe kills nobody.
void ignore_terminal_signals() noexcept;

/// "SIGSEGV" for 11, and the like; "signal 99" where it has no name.
[[nodiscard]] std::string signal_name(int signal_number);

}  // namespace outboard::rt::os
