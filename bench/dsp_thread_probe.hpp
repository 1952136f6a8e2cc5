// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What the system tells of a service's DSP thread, and of whole processes.

#include <cstdint>

namespace outboard::bench {

/// The thread of the process that runs its processors; 0 when it cannot be found.
[[nodiscard]] std::int32_t dsp_thread_of(std::int32_t process_id);

struct ThreadUse {
    std::uint64_t cpu_ns = 0;  ///< that it has run
    std::uint64_t sleeps = 0;  ///< how often it has waited of itself: the wakes that it took
};

/// Since the thread began.
[[nodiscard]] ThreadUse thread_use(std::int32_t process_id, std::int32_t thread_id);

/// CPU time of all threads that the process has now.
[[nodiscard]] std::uint64_t process_cpu_ns(std::int32_t process_id);

}  // namespace outboard::bench
