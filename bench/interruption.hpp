// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Ctrl-C and its kin end a measurement and not the process: what was measured until then is kept.

#include <cstdint>

namespace outboard::bench {

/// What a second signal does.
enum class SecondInterruption : std::uint8_t {
    ends_at_once,
    is_noted  ///< where something has to be removed before the end
};

/// From now on SIGINT, SIGTERM and SIGHUP are noted.
void catch_interruption(SecondInterruption second) noexcept;

/// In a process that was forked meanwhile: they are left to the one that catches them.
void ignore_interruption() noexcept;

/// @thread any
[[nodiscard]] bool is_interrupted() noexcept;

}  // namespace outboard::bench
