// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Where a processor's events go: straight into the output slot.

#include "sdk/src/link/event_bytes.hpp"

#include <outboard/event.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace outboard::service {

class OutputEvents {
public:
    OutputEvents(std::span<std::byte> area, std::uint32_t frame_count) noexcept
        : writer_(area),
          frame_count_(frame_count)
    {}
    OutputEvents(const OutputEvents&) = delete;
    OutputEvents(OutputEvents&&) = delete;
    OutputEvents& operator=(const OutputEvents&) = delete;
    OutputEvents& operator=(OutputEvents&&) = delete;
    ~OutputEvents() = default;

    /// Valid as long as this object.
    [[nodiscard]] ob_event_sink sink() noexcept { return {this, push}; }
    [[nodiscard]] std::uint32_t size_bytes() const noexcept
    {
        return static_cast<std::uint32_t>(writer_.bytes().size());
    }

private:
    static ob_status push(void* context, const ob_event_header* event) noexcept
    {
        auto& self = *static_cast<OutputEvents*>(context);
        // Behind the block's end it would make the host drop those that follow.
        if (event == nullptr || event->offset_frames >= self.frame_count_)
            return OB_ERR_INVALID_ARGUMENT;
        return self.writer_.append(*event);
    }

    link::EventWriter writer_;
    std::uint32_t frame_count_;
};

/// For a processor whose events nobody is to hear.
[[nodiscard]] inline ob_event_sink discarding_sink() noexcept
{
    return {nullptr,
            [](void* /*context*/, const ob_event_header* /*event*/) -> ob_status { return OB_OK; }};
}

}  // namespace outboard::service
