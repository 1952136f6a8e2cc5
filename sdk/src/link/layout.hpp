// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Byte-exact layout of the three segments of a link (docs/protocol.md; a test compares the two).
/// Sizes come from the LinkShape that travelled once over the socket and is kept privately by both
/// sides; the headers in shared memory are for people with a debugger and are never read.

#include "rt/path/bell.hpp"
#include "rt/path/contract.hpp"
#include "rt/path/ring_cursor.hpp"
#include "sdk/src/link/last_words.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace outboard::link {

inline constexpr std::uint32_t caller_count_max = 32;
inline constexpr std::uint32_t lane_count_max = 64;  ///< of a bank
inline constexpr std::uint32_t link_lane_count_max = 1024;
inline constexpr std::uint32_t channel_count_max = 64;
inline constexpr std::uint32_t frame_count_max = 8192;
inline constexpr std::uint32_t slot_count_max = 1024;
inline constexpr std::uint32_t event_bytes_max = 65536;

/// What both sides must agree on; equal for all lanes of a link.
struct LinkShape {
    std::uint32_t lane_count = 1;
    std::uint32_t input_channel_count = 2;
    std::uint32_t output_channel_count = 2;
    std::uint32_t frame_capacity = 64;  ///< frames of a slot
    std::uint32_t slot_count = 16;      ///< of each ring, a power of two
    std::uint32_t event_bytes = 4096;   ///< room for events in a slot, a multiple of 64
    bool operator==(const LinkShape&) const = default;
};

/// Whether sizes computed from the shape stay within the limits of this file.
[[nodiscard]] bool is_valid(const LinkShape& shape) noexcept;

inline constexpr std::uint32_t segment_magic = 0x3142424fu;  // "OBB1", little endian

/// First line of the two data segments. Informative only.
struct alignas(rt::cache_line_bytes) SegmentHeader {
    std::uint32_t magic;
    std::uint32_t protocol_version;
    std::uint64_t size_bytes;
    LinkShape shape;
};

struct alignas(rt::cache_line_bytes) Beat {
    std::atomic<std::uint64_t> count{0};
};

/// Which block of which lane: the lane in the upper 16 bits, the sequence + 1 below.
struct BlockInProgress {
    static constexpr unsigned sequence_bits = 48;

    std::uint32_t lane;
    std::uint64_t sequence;

    [[nodiscard]] constexpr std::uint64_t word() const noexcept
    {
        return std::uint64_t{lane} << sequence_bits | ((sequence + 1) & sequence_mask);
    }
    /// Of any word that a service may have written, 0 excepted.
    [[nodiscard]] static constexpr BlockInProgress of(std::uint64_t word) noexcept
    {
        return {static_cast<std::uint32_t>(word >> sequence_bits), (word & sequence_mask) - 1};
    }

private:
    static constexpr std::uint64_t sequence_mask = (std::uint64_t{1} << sequence_bits) - 1;
};
static_assert(link_lane_count_max <= std::uint32_t{1} << 16);

/// Host's words for one lane.
struct HostLaneWords {
    alignas(rt::cache_line_bytes) rt::SharedCount input_write_count{0};
    alignas(rt::cache_line_bytes) rt::SharedCount output_read_count{0};
    /// Number of the newest request for a checkpoint; 0: none yet.
    alignas(rt::cache_line_bytes) std::atomic<std::uint64_t> checkpoint_wanted{0};
};

/// Service's words for one lane.
struct ServiceLaneWords {
    alignas(rt::cache_line_bytes) rt::SharedCount input_read_count{0};
    alignas(rt::cache_line_bytes) rt::SharedCount output_write_count{0};
};

/// Start of the host-owned segment; lane words, then input slots, follow.
struct HostSegment {
    SegmentHeader header;
};

/// Start of the service-owned segment; lane words, then output slots, follow. Beat, block, life and
/// crash are the link's: of further banks they are not used.
struct ServiceSegment {
    SegmentHeader header;
    Beat dsp_beat;  ///< advanced by the DSP thread whenever it makes progress
    /// The block inside a processor (BlockInProgress), 0 between blocks.
    alignas(rt::cache_line_bytes) std::atomic<std::uint64_t> in_progress{0};
    /// On a line that is written once: the caller looks at it in each wait.
    alignas(rt::cache_line_bytes) LifeWord life{0};
    CrashArea crash;
};

/// The whole bells segment.
struct BellsSegment {
    rt::Bell request;                    ///< rung by the host, waited for by the DSP thread
    rt::Bell replies[caller_count_max];  ///< rung by the DSP thread, each waited for by its caller
};

/// Start of every slot. Times are CLOCK_MONOTONIC nanoseconds.
struct alignas(rt::cache_line_bytes) BlockHeader {
    std::uint64_t sequence;        ///< of the insert's stream, not of the ring
    std::uint64_t posted_ns;       ///< input slots
    std::uint64_t dsp_started_ns;  ///< output slots
    std::uint64_t dsp_ended_ns;    ///< output slots
    std::uint32_t frame_count;
    std::uint32_t event_bytes;
    std::uint32_t caller;  ///< input slots: whose reply bell is to be rung
    std::uint32_t reserved;
};

static_assert(sizeof(LinkShape) == 24);
static_assert(sizeof(SegmentHeader) == 64);
static_assert(sizeof(HostLaneWords) == 192);
static_assert(sizeof(ServiceLaneWords) == 128);
static_assert(sizeof(ServiceSegment) == 1920);
static_assert(sizeof(HostSegment) == 64);

static_assert(sizeof(BellsSegment) == (std::size_t{1} + caller_count_max) * 128);
static_assert(sizeof(BlockHeader) == 64);
static_assert(std::is_standard_layout_v<HostSegment> && std::is_standard_layout_v<ServiceSegment>);
static_assert(std::is_trivially_copyable_v<BlockHeader>);

/// Offsets within the segments, all computed from a valid shape.
class LinkLayout {
public:
    /// @pre is_valid(shape)
    explicit LinkLayout(const LinkShape& shape) noexcept;

    [[nodiscard]] const LinkShape& shape() const noexcept { return shape_; }
    [[nodiscard]] std::size_t host_bytes() const noexcept { return host_bytes_; }
    [[nodiscard]] std::size_t service_bytes() const noexcept { return service_bytes_; }
    [[nodiscard]] std::size_t input_slot_bytes() const noexcept { return input_slot_bytes_; }
    [[nodiscard]] std::size_t output_slot_bytes() const noexcept { return output_slot_bytes_; }

    [[nodiscard]] std::size_t host_lane_words_offset(std::uint32_t lane) const noexcept;
    [[nodiscard]] std::size_t service_lane_words_offset(std::uint32_t lane) const noexcept;
    [[nodiscard]] std::size_t input_slots_offset(std::uint32_t lane) const noexcept;
    [[nodiscard]] std::size_t output_slots_offset(std::uint32_t lane) const noexcept;

    /// Within a slot: samples of one channel, planar.
    [[nodiscard]] std::size_t channel_offset(std::uint32_t channel) const noexcept
    {
        return sizeof(BlockHeader) + channel * channel_stride_bytes_;
    }
    [[nodiscard]] std::size_t input_events_offset() const noexcept
    {
        return channel_offset(shape_.input_channel_count);
    }
    [[nodiscard]] std::size_t output_events_offset() const noexcept
    {
        return channel_offset(shape_.output_channel_count);
    }

private:
    LinkShape shape_;
    std::size_t channel_stride_bytes_;
    std::size_t input_slot_bytes_;
    std::size_t output_slot_bytes_;
    std::size_t host_bytes_;
    std::size_t service_bytes_;
};

}  // namespace outboard::link
