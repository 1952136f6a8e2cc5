// SPDX-License-Identifier: MIT

#include "rt/control/realtime.hpp"

#include <system_error>

namespace outboard::rt {
namespace {

/// What RealtimeKit's own high-priority level is, and what sound servers use.
constexpr int nice_level_wanted = -11;

using Step = RealtimeGrant::Step;

/// What the thread has anyway, when every rung was refused. 0 where even that cannot be read.
[[nodiscard]] int present_nice_level(os::ThreadId thread) noexcept
{
    const auto present = os::thread_scheduling(thread);
    return present ? present->nice_level : 0;
}

[[nodiscard]] std::string obtained(const RealtimeGrant& grant)
{
    switch (grant.step) {
        case Step::fifo: return "SCHED_FIFO " + std::to_string(grant.priority);
        case Step::realtime_kit:
            return "SCHED_RR " + std::to_string(grant.priority) + " by RealtimeKit";
        case Step::nice: return "nice " + std::to_string(grant.nice_level);
        case Step::none: break;
    }
    return "ordinary scheduling, nice " + std::to_string(grant.nice_level);
}

/// The limit is the usual reason, and it has a remedy.
[[nodiscard]] std::string why_fifo_was_refused(const RealtimeGrant& grant)
{
    if (grant.refused.code != ErrorCode::no_permission)
        return std::generic_category().message(grant.refused.sys_errno);
    std::string reason = "RLIMIT_RTPRIO is " + std::to_string(grant.priority_limit);
    if (grant.priority_limit < grant.requested_priority)
        return reason + "; raise it in /etc/security/limits.d";
    return reason + ", but the control group has no real-time budget (cpu.rt_runtime_us)";
}

[[nodiscard]] std::string why_realtime_kit_refused(const Error& refused)
{
    std::string reason = refused.operation;
    if (refused.sys_errno != 0)
        reason += ": " + std::generic_category().message(refused.sys_errno);
    return reason;
}

}  // namespace

RealtimeGrant obtain_realtime(const RealtimeRequest& request) noexcept
{
    RealtimeGrant grant{.requested_priority = request.priority};
    const auto fifo = os::set_fifo(request.thread, request.priority);
    if (fifo) {
        grant.policy = os::Policy::fifo;
        grant.priority = request.priority;
        grant.step = Step::fifo;
        return grant;
    }
    grant.refused = fifo.error();
    grant.priority_limit = os::fifo_priority_limit();

    if (request.may_use_realtime_kit) {
        const auto granted = os::request_realtime_kit(request.thread, request.priority);
        if (granted) {
            grant.policy = os::Policy::round_robin;
            grant.priority = *granted;
            grant.step = Step::realtime_kit;
            return grant;
        }
        grant.refused_by_realtime_kit = granted.error();
    }
    if (os::set_other(request.thread, nice_level_wanted)) {
        grant.nice_level = nice_level_wanted;
        grant.step = Step::nice;
        return grant;
    }
    grant.nice_level = present_nice_level(request.thread);
    return grant;
}

std::string describe(const RealtimeGrant& grant)
{
    std::string text = obtained(grant);
    if (!is_set(grant.refused))
        return text;
    text += " (SCHED_FIFO " + std::to_string(grant.requested_priority) +
            " refused: " + why_fifo_was_refused(grant);
    if (is_set(grant.refused_by_realtime_kit))
        text += "; RealtimeKit refused: " + why_realtime_kit_refused(grant.refused_by_realtime_kit);
    return text + ")";
}

}  // namespace outboard::rt
