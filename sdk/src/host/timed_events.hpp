// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Events on their way between blocks that are cut differently: the host's and the service's.

#include "sdk/src/link/event_bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace outboard::host {

/// Events with absolute stream frames, in order, over memory of the owner. One thread.
class TimedEvents {
public:
    TimedEvents() noexcept = default;
    /// @param payload_bytes_max  what the events alone may take, without their frames
    TimedEvents(std::span<std::byte> room, std::size_t payload_bytes_max) noexcept
        : room_(room),
          payload_bytes_max_(payload_bytes_max)
    {}

    /// Takes an event whose offset counts from `block_start_frame`.
    /// @return OB_AGAIN without room; OB_ERR_INVALID_ARGUMENT for a malformed or unordered event
    /// @rt     wait-free, O(event)
    [[nodiscard]] ob_status append(const ob_event_header& event,
                                   std::int64_t block_start_frame) noexcept
    {
        const bool is_sound = event.size_bytes >= sizeof(event) && event.size_bytes % 8 == 0 &&
                              event.size_bytes <= OB_EVENT_BYTES_MAX;
        const std::int64_t frame = block_start_frame + event.offset_frames;
        if (!is_sound || (end_ != 0 && frame < last_frame_))
            return OB_ERR_INVALID_ARGUMENT;
        if (sizeof(frame) + event.size_bytes > room_.size() - end_ ||
            event.size_bytes > payload_bytes_max_ - payload_bytes_)
            return OB_AGAIN;
        std::memcpy(room_.data() + end_, &frame, sizeof(frame));
        std::memcpy(room_.data() + end_ + sizeof(frame), &event, event.size_bytes);
        end_ += sizeof(frame) + event.size_bytes;
        payload_bytes_ += event.size_bytes;
        last_frame_ = frame;
        return OB_OK;
    }

    /// Moves events before `block_end_frame` to `out`, with offsets from `block_start_frame` (an
    /// earlier event counts as at the start). What finds no room there stays for the next block.
    /// @rt wait-free, O(events)
    void take_until(std::int64_t block_start_frame, std::int64_t block_end_frame,
                    link::EventWriter& out) noexcept
    {
        std::size_t begin = 0;
        while (begin < end_) {
            std::int64_t frame = 0;
            std::memcpy(&frame, room_.data() + begin, sizeof(frame));
            if (frame >= block_end_frame)
                break;
            Copy copy;
            std::memcpy(&copy.header, room_.data() + begin + sizeof(frame), sizeof(copy.header));
            std::memcpy(copy.bytes, room_.data() + begin + sizeof(frame), copy.header.size_bytes);
            copy.header.offset_frames = frame <= block_start_frame
                                            ? 0
                                            : static_cast<std::uint32_t>(frame - block_start_frame);
            if (out.append(copy.header) != OB_OK)
                break;
            begin += sizeof(frame) + copy.header.size_bytes;
            payload_bytes_ -= copy.header.size_bytes;
        }
        if (begin == 0)
            return;
        std::memmove(room_.data(), room_.data() + begin, end_ - begin);
        end_ -= begin;
    }

    [[nodiscard]] bool is_empty() const noexcept { return end_ == 0; }
    [[nodiscard]] std::size_t payload_bytes() const noexcept { return payload_bytes_; }

private:
    union Copy {
        Copy() noexcept : header{} {}
        ob_event_header header;
        std::byte bytes[OB_EVENT_BYTES_MAX];
    };

    std::span<std::byte> room_;
    std::size_t payload_bytes_max_ = 0;
    std::size_t end_ = 0;
    std::size_t payload_bytes_ = 0;
    std::int64_t last_frame_ = 0;
};

}  // namespace outboard::host
