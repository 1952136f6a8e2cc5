// SPDX-License-Identifier: MIT

#include "sdk/src/service/lane_checkpoint.hpp"

#include "sdk/src/link/checkpoint_area.hpp"

#include <cstring>

namespace outboard::service {
namespace {

/// What the library puts behind the processor's part.
[[nodiscard]] std::size_t library_bytes(const DryPath& dry) noexcept
{
    return sizeof(LaneMark) + dry.past_bytes();
}

}  // namespace

std::size_t lane_checkpoint_bytes(const ProcessorInstance& instance, const DryPath& dry) noexcept
{
    const std::size_t processor_bytes = instance.checkpoint_bytes();
    if (processor_bytes == 0 || processor_bytes > link::checkpoint_bytes_max)
        return 0;
    const std::size_t whole_bytes = processor_bytes + library_bytes(dry);
    return whole_bytes <= link::checkpoint_bytes_max ? whole_bytes : 0;
}

void save_lane_checkpoint(std::span<std::byte> out, const ProcessorInstance& instance,
                          const Crossfade& bypass, const DryPath& dry) noexcept
{
    OB_ASSERT(out.size() > library_bytes(dry));
    OB_ASSERT(bypass.is_first() || bypass.is_second());
    const std::size_t processor_bytes = out.size() - library_bytes(dry);
    instance.save_checkpoint(out.data());
    const LaneMark mark{.is_bypassed = bypass.is_second() ? 1U : 0U,
                        .latency_frames = instance.latency_frames()};
    std::memcpy(out.data() + processor_bytes, &mark, sizeof(mark));
    dry.save_past(out.subspan(processor_bytes + sizeof(mark)));
}

bool restore_lane_checkpoint(std::span<const std::byte> checkpoint, ProcessorInstance& instance,
                             Crossfade& bypass, DryPath& dry) noexcept
{
    OB_ASSERT(checkpoint.size() > library_bytes(dry));
    const std::size_t processor_bytes = checkpoint.size() - library_bytes(dry);
    LaneMark mark{};
    std::memcpy(&mark, checkpoint.data() + processor_bytes, sizeof(mark));
    if (mark.is_bypassed > 1 || mark.latency_frames != instance.latency_frames())
        return false;
    if (!instance.restore_checkpoint(checkpoint.first(processor_bytes)))
        return false;
    bypass.jump(mark.is_bypassed == 1);
    dry.restore_past(checkpoint.subspan(processor_bytes + sizeof(mark)));
    return true;
}

}  // namespace outboard::service
