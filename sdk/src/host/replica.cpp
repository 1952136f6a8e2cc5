// SPDX-License-Identifier: MIT

#include "sdk/src/host/replica.hpp"

#include "sdk/src/link/event_bytes.hpp"

#include <algorithm>
#include <utility>

namespace outboard::host {

rt::RingStatus Replica::post(const Unit& unit, const Past& past,
                             std::uint32_t caller_index) noexcept
{
    OB_ASSERT(unit.sequence == next_post_);
    const rt::RingStatus status = ports_.lane.input().reserve();
    if (status != rt::RingStatus::ok) {
        has_broken_rules_ |= status == rt::RingStatus::corrupt;
        return status;
    }

    link::Slot<std::byte> slot = ports_.lane.input_slot();
    for (std::uint32_t channel = 0; channel < ports_.lane.shape().input_channel_count; ++channel)
        past.history.copy(channel, unit.first_frame, unit.frame_count, slot.channel(channel));
    slot.header() = {.sequence = unit.sequence,
                     .posted_ns = unit.posted_ns,
                     .dsp_started_ns = 0,
                     .dsp_ended_ns = 0,
                     .frame_count = unit.frame_count,
                     .event_bytes = 0,
                     .caller = caller_index,
                     .reserved = 0};
    write_events(slot, unit, past);
    ports_.lane.input().publish();

    if (!posted_any_)
        first_posted_ = unit.sequence;
    posted_any_ = true;
    next_post_ = unit.sequence + 1;
    needs_ring = true;
    return rt::RingStatus::ok;
}

void Replica::write_events(link::Slot<std::byte>& slot, const Unit& unit, const Past& past) noexcept
{
    const ParameterStore& parameters = past.parameters;
    const std::span<std::byte> room = slot.events();
    OB_ASSERT(unit.events.size() <= room.size());
    link::EventWriter caught_up{room.first(room.size() - unit.events.size())};
    for (; !knows_parameters_ && next_parameter_ < parameters.infos().size(); ++next_parameter_) {
        if (!parameters.is_touched(next_parameter_))
            continue;
        ob_event_parameter event{};
        event.header.size_bytes = sizeof(event);
        event.header.type = OB_EVENT_PARAMETER;
        event.parameter_id = parameters.infos()[next_parameter_].id;
        event.value = parameters.value_at(next_parameter_);
        if (caught_up.append(event.header) != OB_OK)
            break;  // no room: the next unit goes on from here
    }
    const bool has_all_parameters = next_parameter_ == parameters.infos().size();
    if (!knows_parameters_ && has_all_parameters && !std::exchange(knows_journal_, true)) {
        past.journal.for_each_before(
            posted_any_ ? first_posted_ : unit.sequence,
            [&](const ob_event_header& event) { return caught_up.append(event) == OB_OK; });
    }
    const std::size_t told_bytes = caught_up.bytes().size();
    std::copy(unit.events.begin(), unit.events.end(),
              room.begin() + static_cast<std::ptrdiff_t>(told_bytes));
    slot.header().event_bytes = static_cast<std::uint32_t>(told_bytes + unit.events.size());
}

bool Replica::note_late(std::uint64_t now_ns, std::uint32_t late_limit,
                        std::uint64_t hang_limit_ns) noexcept
{
    // relaxed: a sign of life only, nothing is read on the strength of it.
    const std::uint64_t beat = ports_.dsp_beat->count.load(std::memory_order_relaxed);
    if (late_in_a_row_ == 0 || beat != last_beat_) {
        last_beat_ = beat;
        late_in_a_row_ = 1;
        silent_since_ns_ = now_ns;
        return false;
    }
    ++late_in_a_row_;
    return late_in_a_row_ >= late_limit && now_ns - silent_since_ns_ >= hang_limit_ns;
}

}  // namespace outboard::host
