// SPDX-License-Identifier: MIT
//
// Standbys are added and taken away while the stream goes on, and nobody hears it.

#include "tests/integration/support/seed.hpp"
#include "tests/integration/support/streaming_rig.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

using namespace outboard::test;
using outboard::Insert;
using outboard::InsertConfig;

namespace {

constexpr std::uint64_t second_frames = 48'000;

[[nodiscard]] InsertConfig reverb_config(const StreamingRig& rig, ob_pace pace,
                                         std::uint32_t standby_count)
{
    InsertConfig config = rig.config_for(nullptr);
    config.service = "reverb";
    config.flags = OB_INSERT_FAULT_HOOK;
    config.pace = pace;
    config.standby = standby_count != 0 ? OB_STANDBY_HOT : OB_STANDBY_NONE;
    config.standby_count = std::max(standby_count, 1u);
    return config;
}

[[nodiscard]] bool run_until_count(StreamingRig& rig, std::uint32_t standby_count)
{
    return rig.run_until([&] { return rig.insert().status().standby_count == standby_count; },
                         60 * second_frames);
}

/// The same frames through one reverb, undisturbed.
[[nodiscard]] Audio undisturbed(std::uint64_t frame_count)
{
    StreamingRig rig;
    rig.add(reverb_config(rig, OB_PACE_FREE, 0));
    rig.run(frame_count, every_block(64));
    return rig.output();
}

void check_undisturbed(const StreamingRig& rig, const Insert& insert)
{
    const auto statistics = insert.statistics();
    CHECK(statistics.frames_lost == 0);
    CHECK(statistics.concealed_blocks == 0);
    CHECK(statistics.diverged_blocks == 0);
    CHECK((rig.output() == undisturbed(rig.frame_count())));
}

struct Changes {
    std::uint32_t added = 0;
    std::uint32_t removed = 0;
};

/// Changes the count at random, `count` times, and waits for each to be carried out.
[[nodiscard]] Changes change_at_random(StreamingRig& rig, int change_count)
{
    auto generator = seeded_generator();
    Changes changes;
    std::uint32_t now = 0;
    for (int change = 0; change < change_count; ++change) {
        const std::uint32_t step = random_between<std::uint32_t>(generator, 1, 2);
        const std::uint32_t next = (now + step) % 3;
        changes.added += next > now ? next - now : 0;
        changes.removed += next < now ? now - next : 0;
        rig.insert().set_standby_count(next);
        now = next;
        CAPTURE(change);
        REQUIRE(run_until_count(rig, next));
        rig.run(64 * random_between<std::uint64_t>(generator, 0, 20), every_block(64));
    }
    return changes;
}

[[nodiscard]] std::uint32_t removals_in(const std::vector<ob_incident>& incidents)
{
    return static_cast<std::uint32_t>(
        std::count_if(incidents.begin(), incidents.end(), [](const ob_incident& incident) {
            return incident.kind == OB_INCIDENT_STANDBY_LOST && incident.cause == OB_CAUSE_REMOVED;
        }));
}

}  // namespace

TEST_SUITE("integration/standby_count")
{
    TEST_CASE("a hundred changes of the number of standbys at free pace change no bit")
    {
        StreamingRig rig;
        Insert& insert = rig.add(reverb_config(rig, OB_PACE_FREE, 0));
        const std::int32_t primary = insert.status().service_process_id;
        rig.run(640, every_block(64));
        const Changes changes = change_at_random(rig, 100);
        const auto status = insert.status();
        CHECK(changes.added >= 50);
        CHECK(status.generation == 1 + changes.added);
        CHECK(status.service_process_id == primary);
        CHECK(insert.statistics().failovers == 0);
        CHECK(removals_in(take_incidents(insert)) == changes.removed);
        check_undisturbed(rig, insert);
    }

    TEST_CASE("in real time standbys come and go without a lost frame")
    {
        StreamingRig rig;  // its budget outlasts any stall of the machine
        Insert& insert = rig.add(reverb_config(rig, OB_PACE_REALTIME, 0));
        rig.set_real_time(true);
        rig.run(6400, every_block(64));
        const Changes changes = change_at_random(rig, 12);
        CHECK(changes.added >= 6);
        CHECK(insert.statistics().failovers == 0);
        check_undisturbed(rig, insert);
    }

    TEST_CASE("kills between additions and removals are not heard at free pace")
    {
        StreamingRig rig;
        Insert& insert = rig.add(reverb_config(rig, OB_PACE_FREE, 1));
        auto generator = seeded_generator(1);
        for (int round = 0; round < 12; ++round) {
            insert.set_standby_count(random_between<std::uint32_t>(generator, 1, 2));
            rig.run(64 * random_between<std::uint64_t>(generator, 1, 10), every_block(64));
            REQUIRE(ob_insert_inject_fault(insert.get(), OB_FAULT_KILL, 0) == OB_OK);
        }
        rig.run(640, every_block(64));
        CHECK(insert.statistics().failovers >= 12);
        check_undisturbed(rig, insert);
    }

    TEST_CASE("the last standby that goes leaves the guarantee that there is none")
    {
        StreamingRig rig;
        Insert& insert = rig.add(reverb_config(rig, OB_PACE_FREE, 2));
        rig.run(640, every_block(64));
        CHECK(insert.status().standby_count == 2);
        CHECK(insert.status().standbys_wanted == 2);
        CHECK(insert.status().guarantee == OB_GUARANTEE_EXACT);
        insert.set_standby_count(0);
        REQUIRE(run_until_count(rig, 0));
        const auto status = insert.status();
        CHECK(status.standbys_wanted == 0);
        CHECK(status.guarantee == OB_GUARANTEE_NONE);
        CHECK(std::string{status.guarantee_reason} == "no standby was asked for");
        CHECK(status.standby_placement == OB_STANDBY_PLACEMENT_AUTO);
        check_undisturbed(rig, insert);
    }

    TEST_CASE("a count that makes no sense is refused, and changes nothing")
    {
        StreamingRig rig;
        Insert& insert = rig.add(reverb_config(rig, OB_PACE_FREE, 0));
        CHECK(ob_insert_set_standby_count(insert.get(), 3) == OB_ERR_INVALID_ARGUMENT);
        CHECK(std::string{ob_last_error_message()}.find("0 .. 2") != std::string::npos);
        CHECK(insert.status().standbys_wanted == 0);
    }

    TEST_CASE("a processor that can run only once is given no standby, then or later")
    {
        StreamingRig rig;
        InsertConfig config = rig.config_for("once");
        Insert& insert = rig.add(config);
        CHECK(ob_insert_set_standby_count(insert.get(), 1) == OB_ERR_REFUSED);
        CHECK(std::string{ob_last_error_message()}.find("run only once") != std::string::npos);
        CHECK(ob_insert_set_standby_count(insert.get(), 0) == OB_OK);
        config.standby = OB_STANDBY_HOT;
        try {
            rig.add(config);
            FAIL("it was accepted");
        } catch (const outboard::Error& error) {
            CHECK(error.status() == OB_ERR_REFUSED);
        }
    }
}
