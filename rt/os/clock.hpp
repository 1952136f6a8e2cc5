// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The one clock of the real-time path, the same for all processes of the machine.

#include "rt/path/contract.hpp"

#include <cstdint>

namespace outboard::rt::os {

/// Monotonic time (CLOCK_MONOTONIC on Linux), nanoseconds since an arbitrary start.
/// @thread any
/// @rt     wait-free; no system call where the kernel offers a vDSO clock
[[nodiscard]] std::uint64_t monotonic_ns() noexcept OB_NONBLOCKING;

/// Sleeps until `deadline_ns` on the same clock; returns early only when the deadline has passed.
/// @rt no: blocks
void sleep_until_ns(std::uint64_t deadline_ns) noexcept;

}  // namespace outboard::rt::os
