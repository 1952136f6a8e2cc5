// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Ctrl-C and requests to end, for commands that run until then and end well.

namespace outboard::cli {

/// From now on SIGINT, SIGTERM and SIGHUP are noted; the second one ends the program at once.
void catch_interruption() noexcept;

[[nodiscard]] bool is_interrupted() noexcept;

}  // namespace outboard::cli
