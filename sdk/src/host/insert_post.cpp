// SPDX-License-Identifier: MIT
//
// First half of a block: from the host's buffers into every replica's input ring.

#include "sdk/src/host/insert_stream.hpp"

#include <algorithm>
#include <cstdint>

namespace outboard::host {

namespace {

template <typename Event>
[[nodiscard]] Event make_event(std::uint16_t type) noexcept
{
    Event event{};
    event.header.size_bytes = sizeof(Event);
    event.header.type = type;
    return event;
}

}  // namespace

ob_status InsertStream::post(const float* const* inputs, std::uint32_t frame_count) noexcept
{
    // acquire, pairs with the release at the end: what the previous block left is seen here even
    // when the host moves us from one worker to another.
    if (inside_.test_and_set(std::memory_order_acquire))
        return OB_ERR_BUSY;
    const bool is_allowed =
        frame_count >= 1 && frame_count <= format_.max_frame_count && posted_frame_count_ == 0;
    if (is_allowed) {
        const std::uint64_t now_ns = caller_->now_ns();
        const auto half_period_ns =
            static_cast<std::uint64_t>(0.5e9 * frame_count / format_.sample_rate_hz);
        deadline_ns_ = caller_->join_cycle(cycle_, now_ns, half_period_ns);
        budget_ns_.store(deadline_ns_ - std::min(deadline_ns_, now_ns), std::memory_order_relaxed);
        post_started_ns_ = now_ns;
        posted_frame_count_ = frame_count;
        caller_->begin_insert();
        answer_seen_ns_ = 0;
        dsp_started_ns_ = 0;
        dsp_ended_ns_ = 0;
        gave_up_ = false;
        replicas_.make_room(frame_count, units_until(frame_count));
        history_.append(inputs, frame_count);
        replicas_.begin_block(static_cast<std::uint64_t>(output_frame(0)));
        const std::uint64_t first_new = log_.next_sequence();
        post_units(now_ns);
        replicas_.post(log_.next_sequence() - first_new);
        post_ended_ns_ = caller_->now_ns();
    }
    inside_.clear(std::memory_order_release);
    return is_allowed ? OB_OK : OB_ERR_INVALID_ARGUMENT;
}

ob_status InsertStream::add_event(const ob_event_header& event) noexcept
{
    const ob_status status = events_in_.append(event, history_.end_frame());
    if (status == OB_OK && event.type == OB_EVENT_PARAMETER &&
        event.size_bytes >= sizeof(ob_event_parameter)) {
        const auto& change = reinterpret_cast<const ob_event_parameter&>(event);
        parameters_->note_sent(change.parameter_id, change.value);
    }
    return status;
}

/// How many units so many frames more can complete, at most.
std::uint64_t InsertStream::units_until(std::uint32_t frame_count) const noexcept
{
    return format_.unit_frame_count == 0 ? 1 : frame_count / format_.unit_frame_count + 1;
}

void InsertStream::post_units(std::uint64_t now_ns) noexcept
{
    if (format_.unit_frame_count == 0) {
        post_unit(history_.end_frame() - posted_frame_count_, posted_frame_count_, now_ns);
        return;
    }
    const std::uint32_t unit = format_.unit_frame_count;
    for (;;) {
        const auto first = static_cast<std::int64_t>(log_.next_sequence() * unit);
        if (first + unit > history_.end_frame())
            return;
        post_unit(first, unit, now_ns);
    }
}

void InsertStream::post_unit(std::int64_t first_frame, std::uint32_t frame_count,
                             std::uint64_t now_ns) noexcept
{
    unit_events_.clear();
    queue_changes(unit_events_);
    events_in_.take_until(first_frame, first_frame + frame_count, unit_events_);
    log_.append({.sequence = log_.next_sequence(),
                 .first_frame = first_frame,
                 .frame_count = frame_count,
                 .posted_ns = now_ns,
                 .events = unit_events_.bytes()});
    journal_.note(log_.next_sequence() - 1, unit_events_.bytes());
    unit_count_.store(log_.next_sequence(), std::memory_order_relaxed);
}

void InsertStream::queue_changes(link::EventWriter& events) noexcept
{
    // What add_event() accepted has its room; what does not fit beside it waits for the next unit.
    const std::size_t room_bytes = options_.event_bytes - events_in_.payload_bytes();
    const auto append = [&events, room_bytes](const ob_event_header& event) {
        return events.bytes().size() + event.size_bytes <= room_bytes &&
               events.append(event) == OB_OK;
    };
    ob_event_header reset{};
    reset.size_bytes = sizeof(reset);
    reset.type = OB_EVENT_RESET;
    if (is_to_reset_)
        is_to_reset_ = !append(reset);
    const std::uint64_t state_id = state_to_activate_.load(std::memory_order_relaxed);
    if (state_id != 0) {
        auto event = make_event<ob_event_activate_state>(OB_EVENT_ACTIVATE_STATE);
        event.state_id = state_id;
        std::uint64_t activated = state_id;
        if (append(event.header)) {
            activated_at_.store(log_.next_sequence(), std::memory_order_relaxed);
            // A newer one that has come meanwhile stays for the next unit.
            // release, pairs with the acquire in has_activated_before().
            state_to_activate_.compare_exchange_strong(activated, 0, std::memory_order_release,
                                                       std::memory_order_relaxed);
        }
    }
    parameters_->for_each_changed([&append](std::uint32_t id, double value) {
        auto event = make_event<ob_event_parameter>(OB_EVENT_PARAMETER);
        event.parameter_id = id;
        event.value = value;
        return append(event.header);
    });
}

}  // namespace outboard::host
