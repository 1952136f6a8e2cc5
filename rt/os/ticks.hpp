// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What is known of the CPU's tick counter. Reading it is rt/path/tick_clock.hpp.

namespace outboard::rt::os {

/// Whether the counter runs at one rate, on all CPUs together: whether the kernel itself makes its
/// clock of it.
/// @thread control
/// @rt     no: reads a file
[[nodiscard]] bool has_steady_ticks() noexcept;

}  // namespace outboard::rt::os
