// SPDX-License-Identifier: MIT
//
// Events and parameters: they take effect at their frame, whatever cuts the stream into blocks.

#include "tests/integration/support/seed.hpp"
#include "tests/integration/support/streaming_rig.hpp"
#include "tests/integration/support/test_signal.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstring>
#include <vector>

using namespace outboard::test;
using outboard::Insert;
using outboard::InsertConfig;

namespace {

constexpr std::uint32_t level_id = 7;

[[nodiscard]] ob_event_parameter parameter_event(std::uint32_t offset_frames, double value)
{
    ob_event_parameter event{};
    event.header.size_bytes = sizeof(event);
    event.header.offset_frames = offset_frames;
    event.header.type = OB_EVENT_PARAMETER;
    event.parameter_id = level_id;
    event.value = value;
    return event;
}

[[nodiscard]] ob_event_note note_event(std::uint32_t offset_frames, std::int16_t key)
{
    ob_event_note event{};
    event.header.size_bytes = sizeof(event);
    event.header.offset_frames = offset_frames;
    event.header.type = OB_EVENT_NOTE_ON;
    event.key = key;
    return event;
}

[[nodiscard]] ob_event_header order(std::uint16_t type)
{
    ob_event_header event{};
    event.size_bytes = sizeof(event);
    event.type = type;
    return event;
}

/// Sync, pipelined, and with the block adaptor between.
struct Path {
    const char* name;
    ob_mode mode;
    std::uint32_t latency_blocks;
};
constexpr std::array<Path, 3> paths{{{"sync", OB_MODE_SYNC, 1},
                                     {"pipelined by 1", OB_MODE_PIPELINED, 1},
                                     {"pipelined by 4", OB_MODE_PIPELINED, 4}}};

void choose(InsertConfig& config, const Path& path)
{
    config.mode = path.mode;
    config.latency_blocks = path.latency_blocks;
}

/// An event that was sent, or one that came back, at a frame of its stream.
struct TimedKey {
    std::uint64_t frame;
    std::int16_t key;
    bool operator==(const TimedKey&) const = default;
};

/// The notes of the block collected last.
void append_notes(const Insert& insert, std::uint64_t block_first_frame,
                  std::vector<TimedKey>& notes)
{
    const ob_event_list list = ob_insert_output_events(insert.get());
    for (const auto* event = ob_event_next(&list, nullptr); event != nullptr;
         event = ob_event_next(&list, event)) {
        REQUIRE(event->type == OB_EVENT_NOTE_ON);
        ob_event_note note;
        std::memcpy(&note, event, sizeof(note));
        notes.push_back({block_first_frame + event->offset_frames, note.key});
    }
}

/// Sends notes at random frames while blocks vary, and compares where they come out.
void check_echo(StreamingRig& rig)
{
    auto generator = seeded_generator();
    const Insert& insert = rig.insert();
    std::vector<TimedKey> sent;
    std::vector<TimedKey> returned;
    for (int block = 0; block < 400; ++block) {
        const auto size = random_between(generator, 1u, rig.format().max_frame_count);
        const std::uint64_t first = rig.frame_count();
        std::uint32_t offset = 0;
        const int event_count = block < 350 ? random_between(generator, 0, 3) : 0;
        for (int event = 0; event < event_count; ++event) {
            offset = random_between(generator, offset, size - 1);
            const auto key = static_cast<std::int16_t>(sent.size() % 128);
            REQUIRE(insert.add_event(note_event(offset, key).header) == OB_OK);
            sent.push_back({first + offset + insert.latency_frames(), key});
        }
        REQUIRE(rig.push(size) == OB_OK);
        append_notes(insert, first, returned);
    }
    CHECK(sent.size() > 100);
    CHECK(returned == sent);
}

}  // namespace

TEST_SUITE("integration/event")
{
    TEST_CASE("a parameter event takes effect at its very frame")
    {
        for (const Path& path : paths) {
            CAPTURE(path.name);
            StreamingRig rig{{48'000.0, 2, 64}};
            InsertConfig config = rig.config_for("level");
            choose(config, path);
            const Insert& insert = rig.add(config);
            const std::uint64_t latency = insert.latency_frames();

            REQUIRE(rig.push(64) == OB_OK);
            REQUIRE(insert.add_event(parameter_event(5, 1.0).header) == OB_OK);
            REQUIRE(insert.add_event(parameter_event(40, 2.0).header) == OB_OK);
            rig.run(640, varying_blocks(64, test_seed()));

            const auto& output = rig.output()[1];
            for (std::uint64_t frame = latency; frame < output.size(); ++frame) {
                const std::uint64_t at = frame - latency;
                REQUIRE(output[frame] == (at < 69 ? 0.25f : at < 104 ? 1.0f : 2.0f));
            }
        }
    }

    TEST_CASE("a parameter that is set takes effect with the next block, and the last value wins")
    {
        StreamingRig rig{{48'000.0, 1, 64}};
        const Insert& insert = rig.add(rig.config_for("level"));
        REQUIRE(rig.push(64) == OB_OK);
        for (int value = 1; value <= 1000; ++value)
            REQUIRE(insert.set_parameter(level_id, value) == OB_OK);
        REQUIRE(rig.push(64) == OB_OK);
        CHECK(rig.output()[0][63] == 0.25f);
        CHECK(rig.output()[0][64] == 1000.0f);
        CHECK(insert.set_parameter(level_id, 1001.0) == OB_ERR_INVALID_ARGUMENT);
        CHECK(insert.set_parameter(level_id + 1, 0.0) == OB_ERR_NOT_FOUND);
    }

    TEST_CASE("an insert starts with the parameters of its configuration")
    {
        StreamingRig rig{{48'000.0, 1, 64}};
        InsertConfig config = rig.config_for("level");
        const ob_parameter_value initial{level_id, 0, 5.0};
        config.parameters = &initial;
        config.parameter_count = 1;
        rig.add(config);
        REQUIRE(rig.push(64) == OB_OK);
        CHECK(rig.output()[0][0] == 5.0f);
    }

    TEST_CASE("events come back at the frame of the audio that they belong to")
    {
        for (const Path& path : paths) {
            CAPTURE(path.name);
            StreamingRig rig{{48'000.0, 1, 64}};
            InsertConfig config = rig.config_for("event_echo");
            choose(config, path);
            rig.add(config);
            check_echo(rig);
        }
    }

    TEST_CASE("the block adaptor keeps the frames of events in both directions")
    {
        for (const Path& path : paths) {
            for (const std::uint32_t block : {16u, 64u, 441u}) {
                CAPTURE(path.name);
                CAPTURE(block);
                StreamingRig rig{{48'000.0, 1, block}};
                InsertConfig config = rig.config_for("event_echo37");
                choose(config, path);
                rig.add(config);
                check_echo(rig);
            }
        }
    }

    TEST_CASE("what finds no room is refused, and what was accepted arrives in its block")
    {
        StreamingRig rig{{48'000.0, 1, 64}};
        InsertConfig config = rig.config_for("event_echo");
        config.event_bytes = 1024;
        const Insert& insert = rig.add(config);
        REQUIRE(rig.push(64) == OB_OK);

        std::size_t accepted = 0;
        while (insert.add_event(note_event(0, 1).header) == OB_OK)
            ++accepted;
        CHECK(accepted == 1024 / sizeof(ob_event_note));
        CHECK(insert.add_event(note_event(0, 1).header) == OB_AGAIN);
        REQUIRE(rig.push(64) == OB_OK);
        std::vector<TimedKey> returned;
        append_notes(insert, 64, returned);
        CHECK(returned.size() == accepted);

        // The next block has room again.
        REQUIRE(insert.add_event(note_event(0, 2).header) == OB_OK);
        REQUIRE(rig.push(64) == OB_OK);
        returned.clear();
        append_notes(insert, 128, returned);
        CHECK(returned == std::vector<TimedKey>{{128, 2}});
        CHECK(insert.statistics().events_dropped == 0);
    }

    TEST_CASE("a malformed event and one out of order are refused")
    {
        StreamingRig rig{{48'000.0, 1, 64}};
        const Insert& insert = rig.add(rig.config_for("event_echo"));
        ob_event_note note = note_event(10, 1);
        REQUIRE(insert.add_event(note.header) == OB_OK);
        note.header.offset_frames = 9;
        CHECK(insert.add_event(note.header) == OB_ERR_INVALID_ARGUMENT);
        note = note_event(11, 1);
        note.header.size_bytes = 20;
        CHECK(insert.add_event(note.header) == OB_ERR_INVALID_ARGUMENT);
        note.header.size_bytes = 4;
        CHECK(insert.add_event(note.header) == OB_ERR_INVALID_ARGUMENT);
        REQUIRE(rig.push(64) == OB_OK);
        std::vector<TimedKey> returned;
        append_notes(insert, 0, returned);
        CHECK(returned.size() == 1);
    }

    TEST_CASE("a reset makes the processor forget, at the block that carries it")
    {
        StreamingRig rig{{48'000.0, 1, 64}};
        const Insert& insert = rig.add(rig.config_for("frame_counter"));
        rig.run(640, every_block(64));
        REQUIRE(insert.add_event(order(OB_EVENT_RESET)) == OB_OK);
        rig.run(128, every_block(64));
        const auto& output = rig.output()[0];
        CHECK(output[639] == 639.0f);
        CHECK(output[640] == 0.0f);
        CHECK(output[767] == 127.0f);
    }

    TEST_CASE("bypass fades to the input at the processor's latency, and back")
    {
        StreamingRig rig{{48'000.0, 1, 64}};
        const Insert& insert = rig.add(rig.config_for("late_latency_inverted"));
        ob_event_bypass bypass{};
        bypass.header = order(OB_EVENT_BYPASS);
        bypass.header.size_bytes = sizeof(bypass);
        bypass.is_bypassed = 1;
        rig.run(640, every_block(64));
        REQUIRE(insert.add_event(bypass.header) == OB_OK);
        rig.run(640, every_block(64));
        bypass.is_bypassed = 0;
        REQUIRE(insert.add_event(bypass.header) == OB_OK);
        rig.run(640, every_block(64));

        const auto& output = rig.output()[0];
        const auto matches = [&output](std::uint64_t first, std::uint64_t end, float gain) {
            for (std::uint64_t frame = first; frame < end; ++frame) {
                if (output[frame] != gain * delayed_signal_at(0, frame, 100))
                    return false;
            }
            return true;
        };
        CHECK(matches(0, 640, -1.0f));
        CHECK(matches(640 + 64, 1280, 1.0f));
        CHECK(matches(1280 + 64, 1920, -1.0f));
    }
}
