// SPDX-License-Identifier: MIT
//
// What a service without a past is told by the host: the notes that are held, bypass, and the
// parameters up to the last block.

#include "tests/integration/support/streaming_rig.hpp"
#include "tests/integration/support/test_signal.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <initializer_list>
#include <vector>

using namespace outboard::test;
using outboard::Insert;

namespace {

constexpr std::uint32_t level_id = 7;
constexpr std::uint64_t ten_seconds = 480'000;

[[nodiscard]] ob_event_note note_event(std::uint16_t type, std::int16_t key)
{
    ob_event_note event{};
    event.header.size_bytes = sizeof(event);
    event.header.type = type;
    event.note_id = -1;
    event.key = key;
    event.velocity = 0.5f;
    return event;
}

[[nodiscard]] ob_event_midi midi_event(std::uint8_t status, std::uint8_t key, std::uint8_t velocity)
{
    ob_event_midi event{};
    event.header.size_bytes = sizeof(event);
    event.header.type = OB_EVENT_MIDI;
    event.data[0] = status;
    event.data[1] = key;
    event.data[2] = velocity;
    return event;
}

/// What the echoing service was told in the block collected last.
void append_keys(const Insert& insert, std::vector<int>& keys)
{
    const ob_event_list list = ob_insert_output_events(insert.get());
    for (const auto* event = ob_event_next(&list, nullptr); event != nullptr;
         event = ob_event_next(&list, event)) {
        if (event->type == OB_EVENT_MIDI) {
            ob_event_midi midi;
            std::memcpy(&midi, event, sizeof(midi));
            keys.push_back(midi.data[1]);
        } else {
            ob_event_note note;
            std::memcpy(&note, event, sizeof(note));
            REQUIRE(event->type == OB_EVENT_NOTE_ON);
            keys.push_back(note.key);
        }
    }
}

/// Kills the service and streams until another one answers, and a while more.
void kill_and_recover(StreamingRig& rig, std::vector<int>& keys)
{
    const auto generation = rig.insert().status().generation;
    REQUIRE(ob_insert_inject_fault(rig.insert().get(), OB_FAULT_KILL, 0) == OB_OK);
    const bool is_back = rig.run_until(
        [&] {
            append_keys(rig.insert(), keys);
            return rig.insert().status().generation > generation &&
                   rig.blocks().back().status == OB_OK;
        },
        ten_seconds);
    REQUIRE(is_back);
    for (int block = 0; block < 20; ++block) {
        REQUIRE(rig.push(64) == OB_OK);
        append_keys(rig.insert(), keys);
    }
}

}  // namespace

TEST_SUITE("integration/journal")
{
    TEST_CASE("a note that is held when a service dies is held by the next")
    {
        StreamingRig rig{{48'000.0, 1, 64}};
        const Insert& insert = rig.add(rig.config_for("event_echo"));
        rig.set_real_time(true);
        REQUIRE(rig.push(64) == OB_OK);
        for (const std::int16_t key : std::initializer_list<std::int16_t>{60, 61, 62})
            REQUIRE(insert.add_event(note_event(OB_EVENT_NOTE_ON, key).header) == OB_OK);
        REQUIRE(insert.add_event(midi_event(0x93, 70, 100).header) == OB_OK);
        REQUIRE(insert.add_event(midi_event(0x93, 71, 100).header) == OB_OK);
        REQUIRE(rig.push(64) == OB_OK);
        REQUIRE(insert.add_event(note_event(OB_EVENT_NOTE_OFF, 61).header) == OB_OK);
        REQUIRE(insert.add_event(midi_event(0x83, 71, 0).header) == OB_OK);
        REQUIRE(rig.push(64) == OB_OK);
        REQUIRE(rig.push(64) == OB_OK);  // nothing comes back in the last block before the death

        for (int death = 0; death < 2; ++death) {
            std::vector<int> told;
            kill_and_recover(rig, told);
            CHECK(told == std::vector<int>{60, 62, 70});
        }
    }

    TEST_CASE("a note that begins with the newcomer's first block is not told twice")
    {
        StreamingRig rig{{48'000.0, 1, 64}};
        const Insert& insert = rig.add(rig.config_for("event_echo"));
        rig.set_real_time(true);
        REQUIRE(rig.push(64) == OB_OK);
        REQUIRE(ob_insert_inject_fault(insert.get(), OB_FAULT_KILL, 0) == OB_OK);
        std::vector<int> sent;
        std::vector<int> told;
        const bool is_back = rig.run_until(
            [&] {
                append_keys(insert, told);
                if (sent.size() < 100) {
                    const auto key = static_cast<std::int16_t>(sent.size());
                    REQUIRE(insert.add_event(note_event(OB_EVENT_NOTE_ON, key).header) == OB_OK);
                    sent.push_back(key);
                }
                return sent.size() == 100 && told.size() >= 100 &&
                       rig.blocks().back().status == OB_OK;
            },
            ten_seconds);
        CHECK(is_back);
        CHECK(told == sent);
    }

    TEST_CASE("bypass outlives the service")
    {
        StreamingRig rig{{48'000.0, 1, 64}};
        const Insert& insert = rig.add(rig.config_for("level"));
        rig.set_real_time(true);
        ob_event_bypass bypass{};
        bypass.header.size_bytes = sizeof(bypass);
        bypass.header.type = OB_EVENT_BYPASS;
        bypass.is_bypassed = 1;
        REQUIRE(rig.push(64) == OB_OK);
        REQUIRE(insert.add_event(bypass.header) == OB_OK);
        rig.run(640, every_block(64));
        std::vector<int> none;
        kill_and_recover(rig, none);

        const auto& output = rig.output()[0];
        for (std::size_t frame = output.size() - 640; frame < output.size(); ++frame)
            REQUIRE(output[frame] == signal_at(0, frame));
    }

    TEST_CASE("a parameter that is sent one block before the death is in force after it")
    {
        StreamingRig rig{{48'000.0, 1, 64}};
        const Insert& insert = rig.add(rig.config_for("level"));
        rig.set_real_time(true);
        std::vector<int> none;
        for (const double value : {2.0, 3.0, 4.0}) {
            REQUIRE(insert.set_parameter(level_id, value) == OB_OK);
            static_cast<void>(rig.push(64));
            kill_and_recover(rig, none);
            CHECK(rig.output()[0].back() == static_cast<float>(value));
        }
    }
}
