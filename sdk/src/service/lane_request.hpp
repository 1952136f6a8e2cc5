// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Checks what a host asks for in AddLane before anything is made of it.

#include "sdk/src/link/control_channel.hpp"
#include "sdk/src/link/layout.hpp"
#include "sdk/src/service/refusal.hpp"

#include <outboard/processor.h>

#include <vector>

namespace outboard::service {

/// @param kind  the processor that was asked for
/// @return the format to prepare it for, or why it cannot be
[[nodiscard]] Outcome<ob_prepare_info> lane_format(const wire::AddLaneT& request,
                                                   const link::LinkShape& shape,
                                                   const ob_processor_class& kind);

/// The initial parameters as events at frame 0.
/// @return a refusal that names an unknown parameter or a value out of range
[[nodiscard]] Outcome<std::vector<ob_event_parameter>> initial_parameters(
    const wire::AddLaneT& request, const ob_processor_class& kind);

}  // namespace outboard::service
