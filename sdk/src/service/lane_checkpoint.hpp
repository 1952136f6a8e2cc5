// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// All that a lane's next block depends on, as bytes: the processor's own checkpoint, and behind it
/// what the library adds, so that a lane goes on bit for bit in another process even while it is
/// bypassed:
///
///     [ processor's checkpoint | LaneMark | last input frames: [input channel][latency_frames] ]
///
/// Fades are not in it: a checkpoint waits until none is going on. For the host it is opaque; it is
/// read by the same build of the service only.

#include "rt/path/contract.hpp"
#include "sdk/src/service/crossfade.hpp"
#include "sdk/src/service/dry_path.hpp"
#include "sdk/src/service/processor_instance.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace outboard::service {

/// What stands between the processor's part and the frames.
struct LaneMark {
    std::uint32_t is_bypassed;  ///< 0 or 1
    std::uint32_t latency_frames;
};
static_assert(sizeof(LaneMark) == 8, "no padding: it is hashed");

/// @return 0 where the processor has no checkpoints, or the whole would be longer than
///         link::checkpoint_bytes_max
/// @thread control
[[nodiscard]] std::size_t lane_checkpoint_bytes(const ProcessorInstance& instance,
                                                const DryPath& dry) noexcept;

/// @pre    `out` has lane_checkpoint_bytes(), not 0; `bypass` is at rest
/// @thread dsp
/// @rt     as the processor's save_checkpoint; beside it wait-free, O(bytes)
void save_lane_checkpoint(std::span<std::byte> out, const ProcessorInstance& instance,
                          const Crossfade& bypass, const DryPath& dry) noexcept;

/// @pre    `checkpoint` has lane_checkpoint_bytes(), not 0
/// @thread control, before the lane is with the DSP thread
/// @return false when it cannot be a checkpoint of this lane; the processor's state is then
///         whatever its restore_checkpoint made of it
[[nodiscard]] bool restore_lane_checkpoint(std::span<const std::byte> checkpoint,
                                           ProcessorInstance& instance, Crossfade& bypass,
                                           DryPath& dry) noexcept;

}  // namespace outboard::service
