// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The memory that comes with StartLane: the handles and sizes of the message against what the lane
/// needs.

#include "rt/os/memory.hpp"
#include "sdk/src/link/control_channel.hpp"
#include "sdk/src/service/refusal.hpp"

#include <cstddef>
#include <optional>
#include <span>

namespace outboard::service {

/// Mapped, and as long as they must be.
struct LaneStartMemory {
    std::optional<rt::os::Mapping> checkpoint_area;  ///< writable
    std::optional<rt::os::Mapping> restore;          ///< read-only
};

/// @param checkpoint_bytes  of the lane; 0: it has no checkpoints
/// @return a refusal that says which size or handle is wrong
/// @thread control
[[nodiscard]] Outcome<LaneStartMemory> map_start_memory(
    const wire::StartLaneT& request, std::span<const rt::os::UniqueHandle> handles,
    std::size_t checkpoint_bytes);

}  // namespace outboard::service
