// SPDX-License-Identifier: MIT

#include "sdk/src/link/lane_memory.hpp"

namespace outboard::link {

HostLane::HostLane(const LinkLayout& layout, std::uint32_t lane, std::byte* host_segment,
                   const std::byte* service_segment) noexcept
    : layout_(layout),
      input_slots_(host_segment + layout.input_slots_offset(lane), layout.input_slot_bytes(),
                   layout.shape().slot_count),
      output_slots_(service_segment + layout.output_slots_offset(lane), layout.output_slot_bytes(),
                    layout.shape().slot_count)
{
    OB_ASSERT(lane < layout.shape().lane_count);
    auto& own =
        *reinterpret_cast<HostLaneWords*>(host_segment + layout.host_lane_words_offset(lane));
    const auto& peer = *reinterpret_cast<const ServiceLaneWords*>(
        service_segment + layout.service_lane_words_offset(lane));
    input_ = {own.input_write_count, peer.input_read_count, layout.shape().slot_count};
    output_ = {own.output_read_count, peer.output_write_count, layout.shape().slot_count};
}

ServiceLane::ServiceLane(const LinkLayout& layout, std::uint32_t lane,
                         const std::byte* host_segment, std::byte* service_segment) noexcept
    : layout_(layout),
      checkpoint_wanted_(nullptr),
      input_slots_(host_segment + layout.input_slots_offset(lane), layout.input_slot_bytes(),
                   layout.shape().slot_count),
      output_slots_(service_segment + layout.output_slots_offset(lane), layout.output_slot_bytes(),
                    layout.shape().slot_count)
{
    OB_ASSERT(lane < layout.shape().lane_count);
    const auto& peer =
        *reinterpret_cast<const HostLaneWords*>(host_segment + layout.host_lane_words_offset(lane));
    auto& own = *reinterpret_cast<ServiceLaneWords*>(service_segment +
                                                     layout.service_lane_words_offset(lane));
    input_ = {own.input_read_count, peer.input_write_count, layout.shape().slot_count};
    checkpoint_wanted_ = &peer.checkpoint_wanted;
    output_ = {own.output_write_count, peer.output_read_count, layout.shape().slot_count};
}

}  // namespace outboard::link
