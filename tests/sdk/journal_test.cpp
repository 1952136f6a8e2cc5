// SPDX-License-Identifier: MIT

#include "sdk/src/host/journal.hpp"
#include "tests/support/no_alloc_scope.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstring>
#include <span>
#include <vector>

using outboard::host::Journal;

namespace {

[[nodiscard]] ob_event_note note(std::uint16_t type, std::int16_t key, std::int32_t note_id = -1,
                                 std::int16_t channel = 0)
{
    ob_event_note event{};
    event.header.size_bytes = sizeof(event);
    event.header.type = type;
    event.header.offset_frames = 17;
    event.note_id = note_id;
    event.channel = channel;
    event.key = key;
    return event;
}

[[nodiscard]] ob_event_midi midi(std::uint8_t status, std::uint8_t first, std::uint8_t second)
{
    ob_event_midi event{};
    event.header.size_bytes = sizeof(event);
    event.header.type = OB_EVENT_MIDI;
    event.data[0] = status;
    event.data[1] = first;
    event.data[2] = second;
    return event;
}

template <typename Event>
void take(Journal& journal, std::uint64_t sequence, const Event& event)
{
    journal.note(sequence, std::as_bytes(std::span{&event, 1}));
}

[[nodiscard]] std::vector<int> keys_before(const Journal& journal, std::uint64_t sequence)
{
    std::vector<int> keys;
    journal.for_each_before(sequence, [&](const ob_event_header& event) {
        CHECK(event.offset_frames == 0);
        if (event.type == OB_EVENT_NOTE_ON)
            keys.push_back(reinterpret_cast<const ob_event_note&>(event).key);
        if (event.type == OB_EVENT_MIDI)
            keys.push_back(reinterpret_cast<const ob_event_midi&>(event).data[1]);
        if (event.type == OB_EVENT_BYPASS)
            keys.push_back(-1);
        return true;
    });
    return keys;
}

using Keys = std::vector<int>;

}  // namespace

TEST_SUITE("sdk/journal")
{
    TEST_CASE("what begins with a unit is not told before it")
    {
        Journal journal;
        take(journal, 5, note(OB_EVENT_NOTE_ON, 60));
        CHECK(keys_before(journal, 5).empty());
        CHECK(keys_before(journal, 6) == Keys{60});
    }

    TEST_CASE("a note ends by its number where both have one, else by channel and key")
    {
        Journal journal;
        take(journal, 0, note(OB_EVENT_NOTE_ON, 60, 1));
        take(journal, 0, note(OB_EVENT_NOTE_ON, 60, 2));
        take(journal, 0, note(OB_EVENT_NOTE_ON, 60, -1, 3));
        take(journal, 1, note(OB_EVENT_NOTE_OFF, 60, 1));
        CHECK(journal.held_count() == 2);
        take(journal, 1, note(OB_EVENT_NOTE_OFF, 60, -1, 3));
        CHECK(journal.held_count() == 1);
        take(journal, 1, note(OB_EVENT_NOTE_OFF, 60));
        CHECK(journal.held_count() == 0);
    }

    TEST_CASE("MIDI: velocity 0 is an end, and so are all sound off and all notes off")
    {
        Journal journal;
        take(journal, 0, midi(0x90, 60, 100));
        take(journal, 0, midi(0x90, 61, 100));
        take(journal, 0, midi(0x95, 62, 100));
        take(journal, 1, midi(0x90, 60, 0));
        CHECK(keys_before(journal, 2) == Keys{61, 62});
        take(journal, 1, midi(0xB0, 64, 127));  // the sustain pedal ends nothing
        CHECK(keys_before(journal, 2) == Keys{61, 62});
        take(journal, 1, midi(0xB0, 123, 0));
        CHECK(keys_before(journal, 2) == Keys{62});
        take(journal, 1, midi(0xB5, 120, 0));
        CHECK(journal.held_count() == 0);
    }

    TEST_CASE("a reset ends all notes, and bypass stays until it is undone")
    {
        Journal journal;
        ob_event_bypass bypass{};
        bypass.header.size_bytes = sizeof(bypass);
        bypass.header.type = OB_EVENT_BYPASS;
        bypass.is_bypassed = 1;
        take(journal, 0, bypass);
        take(journal, 0, note(OB_EVENT_NOTE_ON, 60));
        CHECK(keys_before(journal, 1) == Keys{-1, 60});
        ob_event_header reset{};
        reset.size_bytes = sizeof(reset);
        reset.type = OB_EVENT_RESET;
        take(journal, 1, reset);
        CHECK(keys_before(journal, 2) == Keys{-1});
        bypass.is_bypassed = 0;
        take(journal, 2, bypass);
        CHECK(keys_before(journal, 3).empty());
    }

    TEST_CASE("more notes than it can hold do no harm, and a visitor may stop")
    {
        Journal journal;
        for (int count = 0; count < 200; ++count)
            take(journal, 0, note(OB_EVENT_NOTE_ON, static_cast<std::int16_t>(count % 128), count));
        CHECK(journal.held_count() == Journal::notes_max);
        int visited = 0;
        journal.for_each_before(1, [&](const ob_event_header&) { return ++visited < 3; });
        CHECK(visited == 3);
    }

    TEST_CASE("[rt] taking down allocates nothing")
    {
        Journal journal;
        const auto on = note(OB_EVENT_NOTE_ON, 60);
        const auto off = note(OB_EVENT_NOTE_OFF, 60);
        const outboard::test::NoAllocScope scope;
        for (std::uint64_t sequence = 0; sequence < 100; ++sequence) {
            take(journal, sequence, on);
            take(journal, sequence, off);
        }
        const auto violations = scope.violations();
        CHECK(violations == 0);
    }
}
