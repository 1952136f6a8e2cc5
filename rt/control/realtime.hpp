// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The ladder of real-time set-up: SCHED_FIFO, then RealtimeKit, then nice, then nothing. Each rung
/// is taken only when the one above was refused, and the grant says so: never a silent fallback.

#include "rt/control/result.hpp"
#include "rt/os/scheduling.hpp"

#include <cstdint>
#include <string>

namespace outboard::rt {

struct RealtimeRequest {
    os::ThreadId thread = 0;            ///< 0: the calling thread
    int priority = 0;                   ///< 1 .. 99, for SCHED_FIFO
    bool may_use_realtime_kit = false;  ///< only in our own services: see request_realtime_kit()
};

struct RealtimeGrant {
    enum class Step : std::uint8_t { fifo, realtime_kit, nice, none };

    os::Policy policy = os::Policy::other;
    int priority = 0;    ///< 0 unless the policy is real-time
    int nice_level = 0;  ///< for Policy::other
    Step step = Step::none;
    int requested_priority = 0;
    int priority_limit = 0;  ///< RLIMIT_RTPRIO when SCHED_FIFO was refused
    Error refused{};         ///< why not better: the first refusal; not set when `step` is fifo
    Error refused_by_realtime_kit{};  ///< not set unless RealtimeKit was asked and refused
};

/// Whether `refusal` of a grant is one.
[[nodiscard]] inline bool is_set(const Error& refusal) noexcept
{
    return *refusal.operation != '\0';
}

/// Gives the thread the best scheduling that this process may have.
/// @pre    no other thread changes the scheduling of that thread meanwhile
/// @thread control
/// @rt     no: system calls, and D-Bus where allowed, for up to a second
[[nodiscard]] RealtimeGrant obtain_realtime(const RealtimeRequest& request) noexcept;

/// One line for a status or a log: what was obtained, why not better, and what to do about it.
/// "SCHED_FIFO 78", or "nice -11 (SCHED_FIFO 78 refused: RLIMIT_RTPRIO is 0; raise it in
/// /etc/security/limits.d)".
[[nodiscard]] std::string describe(const RealtimeGrant& grant);

}  // namespace outboard::rt
