// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Why a service that streamed was lost.

#include "sdk/src/host/connection.hpp"
#include "sdk/src/host/failure.hpp"

#include <outboard/host.h>

#include <string>

namespace outboard::host {

/// @pre the connection has streamed
[[nodiscard]] inline ob_cause loss_cause(Connection& lost) noexcept
{
    const Replica& replica = lost.replica();
    return replica.is_released() ? replica.release_cause() : OB_CAUSE_CRASH;
}

/// @pre the connection has streamed
[[nodiscard]] inline Failure describe_loss(Connection& lost, const std::string& service)
{
    if (lost.failure())
        return lost.failure();
    const std::string who = "service '" + service + "' ";
    const ob_cause cause = loss_cause(lost);
    if (cause == OB_CAUSE_CORRUPT)
        return {OB_ERR_PROTOCOL, who + "broke the protocol in shared memory"};
    if (cause == OB_CAUSE_HANG)
        return {OB_ERR_TIMED_OUT, who + "gave no sign of life"};
    if (cause == OB_CAUSE_BEHIND)
        return {OB_ERR_TIMED_OUT, who + "cannot keep up with the stream"};
    const std::int32_t detail = lost.replica().exit_detail.load(std::memory_order_relaxed);
    return {OB_ERR_SERVICE_EXITED,
            who + (detail < 0 ? "died of signal " + std::to_string(-detail)
                              : "exited with code " + std::to_string(detail))};
}

}  // namespace outboard::host
