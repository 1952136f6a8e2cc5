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
        const bool is_whole = header.size_bytes >= sizeof(header) && header.size_bytes % 8 == 0 &&
                              header.size_bytes <= OB_EVENT_BYTES_MAX &&
                              header.size_bytes <= bytes.size() - offset;
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
        const bool is_sound = event.size_bytes >= sizeof(event) && event.size_bytes % 8 == 0 &&
                              event.size_bytes <= OB_EVENT_BYTES_MAX;
        if (!is_sound || event.offset_frames < last_frame_)
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
