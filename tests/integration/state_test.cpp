// SPDX-License-Identifier: MIT
//
// A processor's state and parameters outlive its process.

#include "tests/integration/support/streaming_rig.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <span>
#include <vector>

using namespace outboard::test;
using outboard::Insert;
using outboard::InsertConfig;

namespace {

constexpr std::uint32_t level_id = 7;
constexpr std::uint64_t ten_seconds = 480'000;

[[nodiscard]] std::vector<std::byte> state_with(double level)
{
    std::vector<std::byte> state(sizeof(level));
    std::memcpy(state.data(), &level, sizeof(level));
    return state;
}

[[nodiscard]] float last_sample(const StreamingRig& rig)
{
    return rig.output()[0].back();
}

/// Strikes the service and streams until another one answers.
void kill_and_stream_until_respawned(StreamingRig& rig)
{
    const auto generation = rig.insert().status().generation;
    REQUIRE(ob_insert_inject_fault(rig.insert().get(), OB_FAULT_KILL, 0) == OB_OK);
    const bool is_back = rig.run_until(
        [&] {
            return rig.insert().status().generation > generation &&
                   rig.blocks().back().status == OB_OK;
        },
        ten_seconds);
    REQUIRE(is_back);
    rig.run(1280, every_block(64));  // beyond the fade
}

}  // namespace

TEST_SUITE("integration/state")
{
    TEST_CASE("a state that was saved holds what the parameters were")
    {
        StreamingRig rig{{48'000.0, 1, 64}};
        const Insert& insert = rig.add(rig.config_for("level"));
        REQUIRE(insert.set_parameter(level_id, 3.0) == OB_OK);
        REQUIRE(rig.push(64) == OB_OK);
        CHECK(insert.save_state() == state_with(3.0));
    }

    TEST_CASE("a state loaded while streaming takes over with a fade and without a gap")
    {
        StreamingRig rig{{48'000.0, 1, 64}};
        const Insert& insert = rig.add(rig.config_for("level"));
        rig.run(640, every_block(64));
        insert.load_state(state_with(8.25));
        rig.run(640, every_block(64));

        const auto& output = rig.output()[0];
        CHECK(output[639] == 0.25f);
        CHECK(output[640 + 64] == 8.25f);
        for (std::size_t frame = 640; frame < 704; ++frame) {
            REQUIRE(output[frame] >= output[frame - 1]);  // a rise without a step back
            REQUIRE(output[frame] - output[frame - 1] < 0.5f);
        }
        CHECK(insert.statistics().frames_lost == 0);
        CHECK(insert.save_state() == state_with(8.25));
    }

    TEST_CASE("a state that the processor refuses changes nothing and says so")
    {
        StreamingRig rig{{48'000.0, 1, 64}};
        const Insert& insert = rig.add(rig.config_for("level"));
        rig.run(640, every_block(64));
        const std::vector<std::byte> malformed(3);
        CHECK_THROWS_AS(insert.load_state(malformed), outboard::Error);
        rig.run(640, every_block(64));
        CHECK(last_sample(rig) == 0.25f);

        StreamingRig stateless{{48'000.0, 1, 64}};
        const Insert& identity = stateless.add(stateless.config_for("identity"));
        CHECK_THROWS_AS(static_cast<void>(identity.save_state()), outboard::Error);
    }

    TEST_CASE("an insert starts with the state of its configuration")
    {
        StreamingRig rig{{48'000.0, 1, 64}};
        InsertConfig config = rig.config_for("level");
        const auto state = state_with(6.0);
        config.state = state.data();
        config.state_bytes = state.size();
        rig.add(config);
        REQUIRE(rig.push(64) == OB_OK);
        CHECK(rig.output()[0][0] == 6.0f);
    }

    TEST_CASE("parameters survive the death of the service")
    {
        StreamingRig rig{{48'000.0, 1, 64}};
        const Insert& insert = rig.add(rig.config_for("level"));
        rig.set_real_time(true);
        REQUIRE(insert.set_parameter(level_id, 3.0) == OB_OK);
        rig.run(640, every_block(64));
        kill_and_stream_until_respawned(rig);
        CHECK(last_sample(rig) == 3.0f);
        // And what is set while nobody runs.
        REQUIRE(ob_insert_inject_fault(insert.get(), OB_FAULT_KILL, 0) == OB_OK);
        REQUIRE(insert.set_parameter(level_id, 4.0) == OB_OK);
        const bool is_told = rig.run_until([&] { return last_sample(rig) == 4.0f; }, ten_seconds);
        CHECK(is_told);
    }

    TEST_CASE("a loaded state, and what was set after it, survive several deaths")
    {
        StreamingRig rig{{48'000.0, 1, 64}};
        const Insert& insert = rig.add(rig.config_for("level"));
        rig.set_real_time(true);
        REQUIRE(insert.set_parameter(level_id, 3.0) == OB_OK);
        rig.run(640, every_block(64));
        insert.load_state(state_with(5.0));
        rig.run(640, every_block(64));
        kill_and_stream_until_respawned(rig);
        CHECK(last_sample(rig) == 5.0f);

        REQUIRE(insert.set_parameter(level_id, 7.0) == OB_OK);
        rig.run(640, every_block(64));
        for (int death = 0; death < 2; ++death) {
            kill_and_stream_until_respawned(rig);
            CHECK(last_sample(rig) == 7.0f);
        }
        CHECK(insert.save_state() == state_with(7.0));
    }

    TEST_CASE("offline, a death does not even show while a state is loaded")
    {
        StreamingRig rig{{48'000.0, 1, 64}};
        InsertConfig config = rig.config_for("level");
        config.pace = OB_PACE_FREE;
        const Insert& insert = rig.add(config);
        insert.load_state(state_with(5.0));
        rig.run(640, every_block(64));
        REQUIRE(ob_insert_inject_fault(insert.get(), OB_FAULT_KILL, 0) == OB_OK);
        rig.run(6400, every_block(64));
        for (std::size_t frame = 64; frame < rig.output()[0].size(); ++frame)
            REQUIRE(rig.output()[0][frame] == 5.0f);
        CHECK(insert.statistics().failovers == 1);
    }
}
