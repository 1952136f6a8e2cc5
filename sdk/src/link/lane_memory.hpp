// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The two ends of one lane over mapped segments: cursors, slots and addresses within them.

#include "rt/path/prefetch.hpp"
#include "rt/path/ring_cursor.hpp"
#include "rt/path/slot_ring.hpp"
#include "sdk/src/link/layout.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

namespace outboard::link {

/// Access to the parts of one slot. `Byte` is const for a reader.
template <typename Byte>
class Slot {
public:
    using Sample = std::conditional_t<std::is_const_v<Byte>, const float, float>;
    using Header = std::conditional_t<std::is_const_v<Byte>, const BlockHeader, BlockHeader>;

    Slot(Byte* bytes, const LinkLayout& layout, std::size_t events_offset) noexcept
        : bytes_(bytes),
          layout_(&layout),
          events_offset_(events_offset)
    {}

    [[nodiscard]] Header& header() const noexcept { return *reinterpret_cast<Header*>(bytes_); }
    [[nodiscard]] Sample* channel(std::uint32_t index) const noexcept
    {
        return reinterpret_cast<Sample*>(bytes_ + layout_->channel_offset(index));
    }
    [[nodiscard]] std::span<Byte> events() const noexcept
    {
        return {bytes_ + events_offset_, layout_->shape().event_bytes};
    }

private:
    Byte* bytes_;
    const LinkLayout* layout_;
    std::size_t events_offset_;
};

/// Of a slot that begins with so much header and audio.
[[nodiscard]] constexpr std::size_t prefetched_bytes(std::size_t audio_bytes) noexcept
{
    return std::min(audio_bytes, rt::prefetch_bytes_max);
}

/// Host's end: writes input blocks, reads output blocks.
class HostLane {
public:
    HostLane() noexcept : layout_(LinkShape{}) {}
    HostLane(const LinkLayout& layout, std::uint32_t lane, std::byte* host_segment,
             const std::byte* service_segment) noexcept;

    [[nodiscard]] rt::WriteCursor& input() noexcept { return input_; }
    [[nodiscard]] rt::ReadCursor& output() noexcept { return output_; }
    /// The slot that input().position() points to. @pre input().reserve() said ok
    [[nodiscard]] Slot<std::byte> input_slot() const noexcept
    {
        return {input_slots_.slot(input_.position()), layout_, layout_.input_events_offset()};
    }
    /// The slot that output().position() points to. @pre output().poll() said ok
    [[nodiscard]] Slot<const std::byte> output_slot() const noexcept
    {
        return {output_slots_.slot(output_.position()), layout_, layout_.output_events_offset()};
    }
    [[nodiscard]] const LinkShape& shape() const noexcept { return layout_.shape(); }

    /// Fetches the next input slot, which the peer has read, while there is time: not to be done
    /// between a block and its ring.
    void prefetch_input() const noexcept
    {
        rt::prefetch_for_write(input_slots_.slot(input_.position()),
                               prefetched_bytes(layout_.input_events_offset()));
    }
    /// Fetches the whole answer, not only the header that is looked at first.
    void prefetch_output() const noexcept
    {
        rt::prefetch_for_read(output_slots_.slot(output_.position()),
                              prefetched_bytes(layout_.output_events_offset()));
    }

private:
    LinkLayout layout_;
    rt::WriteCursor input_;
    rt::ReadCursor output_;
    rt::SlotArea<std::byte> input_slots_;
    rt::SlotArea<const std::byte> output_slots_;
};

/// Service's end: reads input blocks, writes output blocks.
class ServiceLane {
public:
    ServiceLane(const LinkLayout& layout, std::uint32_t lane, const std::byte* host_segment,
                std::byte* service_segment) noexcept;

    [[nodiscard]] rt::ReadCursor& input() noexcept { return input_; }
    [[nodiscard]] rt::WriteCursor& output() noexcept { return output_; }
    [[nodiscard]] const std::atomic<std::uint64_t>& checkpoint_wanted() const noexcept
    {
        return *checkpoint_wanted_;
    }
    /// @pre input().poll() said ok
    [[nodiscard]] Slot<const std::byte> input_slot() const noexcept
    {
        return {input_slots_.slot(input_.position()), layout_, layout_.input_events_offset()};
    }
    /// @pre output().reserve() said ok
    [[nodiscard]] Slot<std::byte> output_slot() const noexcept
    {
        return {output_slots_.slot(output_.position()), layout_, layout_.output_events_offset()};
    }
    [[nodiscard]] const LinkShape& shape() const noexcept { return layout_.shape(); }

    /// As HostLane's, the other way round.
    void prefetch_input() const noexcept
    {
        rt::prefetch_for_read(input_slots_.slot(input_.position()),
                              prefetched_bytes(layout_.input_events_offset()));
    }
    void prefetch_output() const noexcept
    {
        rt::prefetch_for_write(output_slots_.slot(output_.position()),
                               prefetched_bytes(layout_.output_events_offset()));
    }

private:
    LinkLayout layout_;
    rt::ReadCursor input_;
    rt::WriteCursor output_;
    const std::atomic<std::uint64_t>* checkpoint_wanted_;  ///< in the host-owned segment
    rt::SlotArea<const std::byte> input_slots_;
    rt::SlotArea<std::byte> output_slots_;
};

}  // namespace outboard::link
