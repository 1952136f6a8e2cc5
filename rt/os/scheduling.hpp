// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Scheduling of threads, where they run, and CPU wake-up latency. Mechanism only: the ladder that
/// tries one after the other is rt/control/realtime.hpp.

#include "rt/control/result.hpp"
#include "rt/os/handle.hpp"

#include <cstdint>
#include <vector>

namespace outboard::rt::os {

enum class Policy : std::uint8_t { other, fifo, round_robin };

struct ThreadScheduling {
    Policy policy = Policy::other;
    int priority = 0;    ///< 1 .. 99 for fifo and round_robin, else 0
    int nice_level = 0;  ///< for other
};

/// Identifies a thread to the kernel, across processes.
using ThreadId = std::int32_t;

[[nodiscard]] ThreadId current_thread_id() noexcept;

/// 0 means the calling thread here and below.
[[nodiscard]] Result<ThreadScheduling> thread_scheduling(ThreadId thread) noexcept;

/// SCHED_FIFO with SCHED_RESET_ON_FORK, so that children are born ordinary.
/// @return no_permission where RLIMIT_RTPRIO (and CAP_SYS_NICE) do not allow it
[[nodiscard]] Result<void> set_fifo(ThreadId thread, int priority) noexcept;

/// Highest priority that set_fifo() may take without privileges (RLIMIT_RTPRIO); 0: none.
[[nodiscard]] int fifo_priority_limit() noexcept;

[[nodiscard]] Result<void> set_other(ThreadId thread, int nice_level) noexcept;

/// Asks RealtimeKit over the system D-Bus for SCHED_RR at `priority`, or less if it grants less.
/// Sets RLIMIT_RTTIME first, which RealtimeKit demands: so only in our own services, never in a
/// host's process. Blocks for up to a second.
/// @return the priority obtained; unsupported when built without D-Bus, not_found without service
[[nodiscard]] Result<int> request_realtime_kit(ThreadId thread, int priority) noexcept;

/// Asks RealtimeKit up to which priority it would go, and nothing else. Blocks for up to 0.6 s.
/// @return as request_realtime_kit()
[[nodiscard]] Result<int> realtime_kit_priority_limit() noexcept;

/// CPUs the thread may run on, ascending.
[[nodiscard]] Result<std::vector<int>> thread_cpus(ThreadId thread) noexcept;
[[nodiscard]] Result<void> set_thread_cpus(ThreadId thread, const std::vector<int>& cpus) noexcept;
[[nodiscard]] int current_cpu() noexcept;

/// Locks all present and future memory of *this process*: for services, never in a host.
/// @return no_permission unless the amount is unlimited: below a limit, later allocations would
/// fail
[[nodiscard]] Result<void> lock_all_memory() noexcept;

/// Holds CPU wake-up latency at `latency_us` (0: CPUs poll when idle) while the handle is open.
/// @return no_permission where /dev/cpu_dma_latency is not writable
[[nodiscard]] Result<UniqueHandle> hold_cpu_latency(std::int32_t latency_us) noexcept;

/// Names the calling thread for debuggers and `top -H`; cut to 15 characters.
void name_current_thread(const char* name) noexcept;

}  // namespace outboard::rt::os
