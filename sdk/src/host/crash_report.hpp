// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// How a service ended: what the system says, and what the service itself wrote while it died,
/// which is input.

#include "sdk/src/host/connection.hpp"

#include <outboard/host.h>

#include <optional>
#include <string>

namespace outboard::host {

/// What is read from a crash area, copied once and checked; nothing when none was written, or when
/// it makes no sense. The block is told only if it was one of this lane.
[[nodiscard]] std::optional<ob_crash_report> read_crash(const link::CrashArea& area,
                                                        std::uint32_t lane);

/// @pre the connection has streamed, to a child that has ended and is not reaped yet
[[nodiscard]] ob_crash_report make_crash_report(Connection& lost, ob_cause cause);

/// In words, over several lines.
[[nodiscard]] std::string describe(const ob_crash_report& report, const std::string& service);

}  // namespace outboard::host
