// SPDX-License-Identifier: MIT

#include "sdk/src/host/journal.hpp"

#include <algorithm>

namespace outboard::host {

namespace {

// MIDI 1.0 Detailed Specification, tables I to III.
constexpr unsigned midi_note_off = 0x8;
constexpr unsigned midi_note_on = 0x9;
constexpr unsigned midi_controller = 0xB;
constexpr unsigned midi_all_sound_off = 120;
constexpr unsigned midi_all_notes_off = 123;

template <typename Event>
[[nodiscard]] const Event* as(const ob_event_header& event) noexcept
{
    return event.size_bytes >= sizeof(Event) ? reinterpret_cast<const Event*>(&event) : nullptr;
}

}  // namespace

void Journal::note(std::uint64_t sequence, std::span<const std::byte> events) noexcept
    OB_NONBLOCKING
{
    const ob_event_list list{reinterpret_cast<const unsigned char*>(events.data()),
                             static_cast<std::uint32_t>(events.size())};
    for (const ob_event_header* event = ob_event_next(&list, nullptr); event != nullptr;
         event = ob_event_next(&list, event))
        note_one(sequence, *event);
}

void Journal::note_one(std::uint64_t sequence, const ob_event_header& event) noexcept
{
    switch (event.type) {
        case OB_EVENT_NOTE_ON:
            if (const auto* const on = as<ob_event_note>(event)) {
                Held held{sequence, {}, on->note_id, on->port, on->channel, on->key};
                held.event.note = *on;
                hold(held);
            }
            return;
        case OB_EVENT_NOTE_OFF:
            if (const auto* const off = as<ob_event_note>(event)) {
                let_go([off](const Held& held) {
                    return off->note_id >= 0 && held.note_id >= 0
                               ? held.note_id == off->note_id
                               : held.port == off->port && held.channel == off->channel &&
                                     held.key == off->key;
                });
            }
            return;
        case OB_EVENT_MIDI:
            if (const auto* const midi = as<ob_event_midi>(event))
                note_midi(sequence, *midi);
            return;
        case OB_EVENT_BYPASS:
            if (const auto* const bypass = as<ob_event_bypass>(event)) {
                bypass_ = *bypass;
                bypass_.header.offset_frames = 0;
                bypassed_at_ = bypass->is_bypassed != 0 ? sequence : never;
            }
            return;
        case OB_EVENT_RESET: count_ = 0; return;
        default: return;
    }
}

void Journal::note_midi(std::uint64_t sequence, const ob_event_midi& midi) noexcept
{
    const unsigned kind = midi.data[0] >> 4;
    const auto channel = static_cast<std::int32_t>(midi.data[0] & 0xF);
    const auto key = static_cast<std::int32_t>(midi.data[1]);
    const auto port = static_cast<std::int32_t>(midi.port);
    const bool is_on = kind == midi_note_on && midi.data[2] != 0;
    if (is_on) {
        Held held{sequence, {}, -1, port, channel, key};
        held.event.midi = midi;
        hold(held);
    } else if (kind == midi_note_on || kind == midi_note_off) {
        let_go([=](const Held& held) {
            return held.port == port && held.channel == channel && held.key == key;
        });
    } else if (kind == midi_controller &&
               (midi.data[1] == midi_all_sound_off || midi.data[1] >= midi_all_notes_off)) {
        let_go([=](const Held& held) { return held.port == port && held.channel == channel; });
    }
}

void Journal::hold(const Held& held) noexcept
{
    if (count_ == notes_.size())
        return;
    notes_[count_] = held;
    notes_[count_].event.note.header.offset_frames = 0;
    ++count_;
}

template <typename Matches>
void Journal::let_go(Matches&& matches) noexcept
{
    const auto begin = notes_.begin();
    const auto end = begin + static_cast<std::ptrdiff_t>(count_);
    count_ = static_cast<std::size_t>(std::remove_if(begin, end, matches) - begin);
}

}  // namespace outboard::host
