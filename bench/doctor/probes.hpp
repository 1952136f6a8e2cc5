// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What no file tells: it has to be tried, or measured. A plain struct, so that tests can describe
/// any machine.

#include "rt/control/realtime.hpp"
#include "rt/control/result.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace outboard::doctor {

/// The priority of an audio thread that is asked for, as `outboard run` does.
inline constexpr int audio_priority = 70;

/// Below, the threads of Outboard do not all find a place under the audio thread.
inline constexpr int lowest_useful_priority = 4;

/// How late a thread was that slept to absolute times.
struct WakeUps {
    std::uint64_t count = 0;
    std::uint64_t p50_ns = 0;
    std::uint64_t p99_ns = 0;
    std::optional<std::uint64_t> p99_9_ns{};  ///< only of 100,000 and more
    std::uint64_t max_ns = 0;
};

struct Probes {
    rt::RealtimeGrant grant{};  ///< what a thread obtained, and the one that slept had
    rt::Result<int> realtime_kit = rt::fail(rt::ErrorCode::not_found, "RealtimeKit");
    rt::Result<void> cpu_latency{};  ///< whether /dev/cpu_dma_latency could be held
    rt::Result<int> landlock_version = rt::fail(rt::ErrorCode::unsupported, "Landlock");
    bool waits_on_many = false;                      ///< futex_waitv
    bool has_thread_handles = false;                 ///< that tell how a thread ended
    std::optional<std::string> runtime_directory{};  ///< XDG_RUNTIME_DIR
    WakeUps wake_ups{};
    std::string cpu_times_before{};  ///< /proc/stat, before and after the measurement
    std::string cpu_times_after{};
};

/// Tries and measures all of it on this machine; gives back what it took.
/// @param duration_ns  of the measurement
Probes probe_machine(std::uint64_t duration_ns);

}  // namespace outboard::doctor
