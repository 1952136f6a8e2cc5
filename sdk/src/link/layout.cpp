// SPDX-License-Identifier: MIT

#include "sdk/src/link/layout.hpp"

#include <bit>

namespace outboard::link {

namespace {

[[nodiscard]] std::size_t round_to_line(std::size_t size_bytes) noexcept
{
    return (size_bytes + rt::cache_line_bytes - 1) / rt::cache_line_bytes * rt::cache_line_bytes;
}

[[nodiscard]] bool in_range(std::uint32_t value, std::uint32_t largest) noexcept
{
    return value >= 1 && value <= largest;
}

}  // namespace

bool is_valid(const LinkShape& shape) noexcept
{
    return in_range(shape.lane_count, lane_count_max) &&
           in_range(shape.input_channel_count, channel_count_max) &&
           in_range(shape.output_channel_count, channel_count_max) &&
           in_range(shape.frame_capacity, frame_count_max) &&
           in_range(shape.slot_count, slot_count_max) && std::has_single_bit(shape.slot_count) &&
           shape.event_bytes <= event_bytes_max && shape.event_bytes % rt::cache_line_bytes == 0;
}

LinkLayout::LinkLayout(const LinkShape& shape) noexcept
    : shape_(shape),
      channel_stride_bytes_(round_to_line(shape.frame_capacity * sizeof(float))),
      input_slot_bytes_(sizeof(BlockHeader) + shape.input_channel_count * channel_stride_bytes_ +
                        shape.event_bytes),
      output_slot_bytes_(sizeof(BlockHeader) + shape.output_channel_count * channel_stride_bytes_ +
                         shape.event_bytes),
      host_bytes_(0),
      service_bytes_(0)
{
    OB_ASSERT(is_valid(shape));
    host_bytes_ = input_slots_offset(shape.lane_count);
    service_bytes_ = output_slots_offset(shape.lane_count);
}

std::size_t LinkLayout::host_lane_words_offset(std::uint32_t lane) const noexcept
{
    return sizeof(HostSegment) + lane * sizeof(HostLaneWords);
}

std::size_t LinkLayout::service_lane_words_offset(std::uint32_t lane) const noexcept
{
    return sizeof(ServiceSegment) + lane * sizeof(ServiceLaneWords);
}

std::size_t LinkLayout::input_slots_offset(std::uint32_t lane) const noexcept
{
    return host_lane_words_offset(shape_.lane_count) +
           std::size_t{lane} * shape_.slot_count * input_slot_bytes_;
}

std::size_t LinkLayout::output_slots_offset(std::uint32_t lane) const noexcept
{
    return service_lane_words_offset(shape_.lane_count) +
           std::size_t{lane} * shape_.slot_count * output_slot_bytes_;
}

}  // namespace outboard::link
