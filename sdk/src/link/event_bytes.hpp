// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Packed events of a block: checking those that came from another process, and appending.

#include <outboard/event.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace outboard::link {

/// Smallest size of an event of this type; a reader may look at all of it. Types that we do not
/// know pass through: newer hosts and processors may agree on them.
[[nodiscard]] constexpr std::size_t event_bytes_min(std::uint16_t type) noexcept
{
    switch (type) {
        case OB_EVENT_PARAMETER: return sizeof(ob_event_parameter);
        case OB_EVENT_NOTE_ON:
        case OB_EVENT_NOTE_OFF: return sizeof(ob_event_note);
        case OB_EVENT_MIDI: return sizeof(ob_event_midi);
        case OB_EVENT_TRANSPORT: return sizeof(ob_event_transport);
        case OB_EVENT_BYPASS: return sizeof(ob_event_bypass);
        case OB_EVENT_ACTIVATE_STATE: return sizeof(ob_event_activate_state);
        default: return sizeof(ob_event_header);
    }
}

/// Whether the size of an event fits its type and the rules for all.
[[nodiscard]] constexpr bool has_valid_size(const ob_event_header& header) noexcept
{
    return header.size_bytes >= event_bytes_min(header.type) && header.size_bytes % 8 == 0 &&
           header.size_bytes <= OB_EVENT_BYTES_MAX;
}

/// How many leading bytes of `bytes` are whole, aligned, ordered events within `frame_count`
/// frames: all of them unless the writer is broken.
/// @pre `bytes` is private memory, 8-byte aligned: what is checked must not change afterwards
/// @rt  wait-free, O(bytes)
[[nodiscard]] inline std::size_t valid_event_bytes(std::span<const std::byte> bytes,
                                                   std::uint32_t frame_count) noexcept
{
    std::size_t offset = 0;
    std::uint32_t last_frame = 0;
    while (bytes.size() - offset >= sizeof(ob_event_header)) {
        ob_event_header header;
        std::memcpy(&header, bytes.data() + offset, sizeof(header));
        const bool is_whole = has_valid_size(header) && header.size_bytes <= bytes.size() - offset;
        if (!is_whole || header.offset_frames < last_frame || header.offset_frames >= frame_count)
            break;
        last_frame = header.offset_frames;
        offset += header.size_bytes;
    }
    return offset;
}

/// Events being collected for one block, over memory of the owner.
class EventWriter {
public:
    EventWriter() noexcept = default;
    explicit EventWriter(std::span<std::byte> room) noexcept : room_(room) {}

    /// @return OB_AGAIN when there is no room, OB_ERR_INVALID_ARGUMENT for a malformed event or one
    ///         whose offset is smaller than the last one's
    /// @rt     wait-free
    [[nodiscard]] ob_status append(const ob_event_header& event) noexcept
    {
        if (!has_valid_size(event) || event.offset_frames < last_frame_)
            return OB_ERR_INVALID_ARGUMENT;
        if (event.size_bytes > room_.size() - size_bytes_)
            return OB_AGAIN;
        std::memcpy(room_.data() + size_bytes_, &event, event.size_bytes);
        size_bytes_ += event.size_bytes;
        last_frame_ = event.offset_frames;
        return OB_OK;
    }

    void clear() noexcept
    {
        size_bytes_ = 0;
        last_frame_ = 0;
    }
    [[nodiscard]] std::span<const std::byte> bytes() const noexcept
    {
        return room_.first(size_bytes_);
    }

private:
    std::span<std::byte> room_;
    std::size_t size_bytes_ = 0;
    std::uint32_t last_frame_ = 0;
};

}  // namespace outboard::link
