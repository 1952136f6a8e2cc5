// SPDX-License-Identifier: MIT

#include "sdk/src/service/event_intake.hpp"

#include "sdk/src/link/event_bytes.hpp"

#include <cstring>

namespace outboard::service {
namespace {

/// @pre the event is checked, so that it is as long as its type is
template <typename Event>
[[nodiscard]] Event read_event(std::span<const std::byte> bytes) noexcept
{
    Event event{};
    std::memcpy(&event, bytes.data(), sizeof(event));
    return event;
}

}  // namespace

EventIntake::EventIntake(std::size_t event_bytes, std::span<const ob_event_parameter> parameters)
    : copy_(event_bytes),
      visible_(event_bytes + parameters.size_bytes()),
      visible_bytes_(parameters.size_bytes())
{
    if (!parameters.empty())
        std::memcpy(visible_.data(), parameters.data(), parameters.size_bytes());
}

bool EventIntake::take(std::span<const std::byte> area, std::uint32_t size_bytes,
                       std::uint32_t frame_count) noexcept OB_NONBLOCKING
{
    if (!is_first_)
        visible_bytes_ = 0;
    orders_ = {};
    if (size_bytes > area.size() || size_bytes > copy_.size())
        return false;
    if (size_bytes != 0)
        std::memcpy(copy_.data(), area.data(), size_bytes);
    const std::span<const std::byte> copied{copy_.data(), size_bytes};
    if (link::valid_event_bytes(copied, frame_count) != size_bytes)
        return false;
    sort_out(size_bytes);
    is_first_ = false;
    return true;
}

void EventIntake::sort_out(std::size_t size_bytes) noexcept
{
    std::size_t offset = 0;
    while (offset < size_bytes) {
        const auto header = read_event<ob_event_header>({&copy_[offset], sizeof(ob_event_header)});
        const std::span<const std::byte> event{&copy_[offset], header.size_bytes};
        if (!carry_out(event)) {
            std::memcpy(&visible_[visible_bytes_], event.data(), event.size());
            visible_bytes_ += event.size();
        }
        offset += event.size();
    }
}

/// Notes an event that is the library's own.
/// @return whether it was one
bool EventIntake::carry_out(std::span<const std::byte> event) noexcept
{
    switch (read_event<ob_event_header>(event).type) {
        case OB_EVENT_RESET: orders_.reset = true; return true;
        case OB_EVENT_BYPASS:
            orders_.bypass = read_event<ob_event_bypass>(event).is_bypassed != 0;
            return true;
        case OB_EVENT_ACTIVATE_STATE:
            orders_.activate_state = read_event<ob_event_activate_state>(event).state_id;
            return true;
        default: return false;
    }
}

ob_event_list EventIntake::events() const noexcept
{
    return {reinterpret_cast<const unsigned char*>(visible_.data()),
            static_cast<std::uint32_t>(visible_bytes_)};
}

}  // namespace outboard::service
