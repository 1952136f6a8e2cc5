// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What a thread obtained, as the C ABI tells it.

#include "rt/control/realtime.hpp"

#include <outboard/common.h>

namespace outboard::api {

/// @param cpu  the one CPU the thread is pinned to, or -1
[[nodiscard]] ob_realtime_grant to_grant(const rt::RealtimeGrant& grant, int cpu);

/// For a thread that was left as it is.
[[nodiscard]] ob_realtime_grant ordinary_grant(int cpu);

}  // namespace outboard::api
