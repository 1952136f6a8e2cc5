// SPDX-License-Identifier: MIT
//
// With a warm standby a service is kept ready behind a checkpoint, and computes what came since
// when the primary is lost: real processes are killed under a stream, and what comes out is
// compared, bit for bit, with a stream in which nothing happened.

#include "tests/integration/support/children.hpp"
#include "tests/integration/support/streaming_rig.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

using namespace outboard::test;
using outboard::Insert;
using outboard::InsertConfig;

namespace {

constexpr std::uint64_t second_frames = 48'000;

struct Shape {
    std::uint32_t frame_count = 64;
    std::uint32_t channel_count = 2;
    ob_mode mode = OB_MODE_SYNC;
    std::uint32_t latency_blocks = 1;
    ob_pace pace = OB_PACE_FREE;
    const char* processor = "reverb";
};

[[nodiscard]] InsertConfig config_of(const StreamingRig& rig, const Shape& shape)
{
    InsertConfig config = rig.config_for(shape.processor);
    config.service = shape.processor;
    config.processor = nullptr;
    config.flags = OB_INSERT_FAULT_HOOK;
    config.mode = shape.mode;
    config.latency_blocks = shape.latency_blocks;
    config.pace = shape.pace;
    config.standby = OB_STANDBY_WARM;
    config.hang_limit_ns = 50'000'000;
    return config;
}

struct WarmRig {
    explicit WarmRig(const Shape& shape)
        : rig({.sample_rate_hz = 48'000.0,
               .channel_count = shape.channel_count,
               .max_frame_count = shape.frame_count})
    {
        rig.add(config_of(rig, shape));
        rig.set_real_time(shape.pace == OB_PACE_REALTIME);
    }

    [[nodiscard]] bool run_until_whole()
    {
        return rig.run_until([&] { return rig.insert().status().standby_count == 1; },
                             100 * second_frames);
    }
    /// The stream stands still meanwhile. @return whether it came, within 10 s or so
    [[nodiscard]] bool wait_until_whole()
    {
        for (int attempt = 0; attempt < 10'000 && rig.insert().status().standby_count == 0;
             ++attempt)
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
        return rig.insert().status().standby_count == 1;
    }
    /// The one of the two services that is not the primary.
    [[nodiscard]] std::int32_t standby_process_id()
    {
        const std::int32_t primary = rig.insert().status().service_process_id;
        const auto children = child_processes();
        const auto found = std::find_if(children.begin(), children.end(),
                                        [&](std::int32_t child) { return child != primary; });
        REQUIRE(children.size() == 2);
        return *found;
    }
    /// With a standby that is not being renewed just now.
    [[nodiscard]] ob_insert_forecast forecast_of_ready()
    {
        ob_insert_forecast forecast{};
        REQUIRE(rig.run_until(
            [&] {
                REQUIRE(ob_insert_get_forecast(rig.insert().get(), &forecast) == OB_OK);
                return forecast.guarantee == OB_GUARANTEE_EXACT;
            },
            20 * second_frames));
        return forecast;
    }
    /// Strikes a whole set, and sees the standby take over.
    void strike(ob_fault fault)
    {
        REQUIRE(run_until_whole());
        const std::int32_t standby = standby_process_id();
        const auto failovers = rig.insert().statistics().failovers;
        REQUIRE(ob_insert_inject_fault(rig.insert().get(), fault, 0) == OB_OK);
        REQUIRE(rig.run_until([&] { return rig.insert().statistics().failovers > failovers; },
                              100 * second_frames));
        REQUIRE(rig.run_until([&] { return rig.insert().status().service_process_id == standby; },
                              second_frames));
    }
    void check_nothing_lost()
    {
        const auto statistics = rig.insert().statistics();
        CHECK(statistics.frames_lost == 0);
        CHECK(statistics.concealed_blocks == 0);
    }

    StreamingRig rig;
};

/// The same stream without faults.
[[nodiscard]] Audio undisturbed(Shape shape, std::uint64_t frame_count)
{
    shape.pace = OB_PACE_FREE;
    WarmRig reference{shape};
    reference.rig.run(frame_count, every_block(shape.frame_count));
    return reference.rig.output();
}

void check_identical(const Shape& shape, const std::vector<ob_fault>& faults)
{
    constexpr std::uint64_t interval_frames = 6'000;
    WarmRig warm{shape};
    for (const ob_fault fault : faults) {
        CAPTURE(fault);
        warm.rig.run(interval_frames, every_block(shape.frame_count));
        warm.strike(fault);
    }
    warm.rig.run(interval_frames, every_block(shape.frame_count));
    warm.check_nothing_lost();
    CHECK(warm.rig.insert().statistics().failovers == faults.size());
    CHECK((warm.rig.output() == undisturbed(shape, warm.rig.frame_count())));
}

}  // namespace

TEST_SUITE("integration/warm_standby")
{
    TEST_CASE("at free pace no kill is heard, whatever the block, the channels and the mode")
    {
        const std::vector kills(3, OB_FAULT_KILL);
        for (const Shape& shape : {
                 Shape{},
                 Shape{.frame_count = 37, .channel_count = 1},
                 Shape{.frame_count = 128, .channel_count = 8},
                 Shape{.frame_count = 441, .mode = OB_MODE_PIPELINED, .latency_blocks = 2},
                 Shape{.frame_count = 1000},
                 Shape{.processor = "delay"},
             }) {
            CAPTURE(shape.frame_count);
            CAPTURE(shape.processor);
            check_identical(shape, kills);
        }
    }

    TEST_CASE("at free pace no other fault is heard either")
    {
        check_identical({}, {OB_FAULT_STOP, OB_FAULT_SEGV, OB_FAULT_EXIT, OB_FAULT_SPIN});
    }

    TEST_CASE("in real time a kill loses nothing when the replay fits the deadline")
    {
        for (const Shape& shape : {
                 Shape{.pace = OB_PACE_REALTIME},
                 Shape{.mode = OB_MODE_PIPELINED, .latency_blocks = 2, .pace = OB_PACE_REALTIME},
             }) {
            CAPTURE(shape.mode);
            // The rig's budget outlasts any stall of the machine.
            check_identical(shape, std::vector(6, OB_FAULT_KILL));
        }
    }

    TEST_CASE("the forecast says before a kill that it would not be heard")
    {
        WarmRig warm{{.pace = OB_PACE_REALTIME}};
        warm.rig.run(second_frames, every_block(64));  // it is measured
        const ob_insert_forecast forecast = warm.forecast_of_ready();
        CHECK(warm.rig.insert().status().standbys_wanted == 1);
        // The rig's budget outlasts any replay.
        CHECK(forecast.blocks_lost == 0);
        CHECK(forecast.blocks_lost_max == 0);
        CHECK(forecast.is_identical == 1);
        CHECK(forecast.answer_ns > 0);
        CHECK(std::string{forecast.reason}.empty());
    }

    TEST_CASE("a replay that cannot fit the deadline is forecast, and conceals little")
    {
        WarmRig warm{{.pace = OB_PACE_REALTIME}};
        warm.rig.run(second_frames, every_block(64));  // it is measured
        warm.rig.set_budget_ns(1'000);                 // now nothing fits
        warm.rig.run(64, every_block(64));
        const ob_insert_forecast forecast = warm.forecast_of_ready();
        CHECK(forecast.blocks_lost_max >= 1);
        CHECK(forecast.is_identical == 0);
        CHECK(std::string{forecast.reason}.find("longer than the deadline") != std::string::npos);
    }

    TEST_CASE("the death of the standby is not heard, and another one comes")
    {
        WarmRig warm{{}};
        warm.rig.run(6'000, every_block(64));
        REQUIRE(warm.run_until_whole());
        const std::int32_t primary = warm.rig.insert().status().service_process_id;
        const std::int32_t standby = warm.standby_process_id();
        REQUIRE(::kill(standby, SIGKILL) == 0);
        REQUIRE(warm.rig.run_until(
            [&] {
                const auto children = child_processes();
                const bool is_gone =
                    std::find(children.begin(), children.end(), standby) == children.end();
                return is_gone && children.size() == 2 &&
                       warm.rig.insert().status().standby_count == 1;
            },
            100 * second_frames));
        CHECK(warm.rig.insert().status().service_process_id == primary);
        warm.strike(OB_FAULT_KILL);
        warm.check_nothing_lost();
        CHECK((warm.rig.output() == undisturbed({}, warm.rig.frame_count())));
    }

    TEST_CASE("a standby can be taken away and added again while the stream goes on")
    {
        WarmRig warm{{}};
        REQUIRE(warm.run_until_whole());
        CHECK(ob_insert_set_standby_count(warm.rig.insert().get(), 2) == OB_ERR_INVALID_ARGUMENT);
        REQUIRE(ob_insert_set_standby_count(warm.rig.insert().get(), 0) == OB_OK);
        REQUIRE(
            warm.rig.run_until([&] { return child_processes().size() == 1; }, 100 * second_frames));
        CHECK(warm.rig.insert().status().standby_count == 0);
        REQUIRE(ob_insert_set_standby_count(warm.rig.insert().get(), 1) == OB_OK);
        warm.strike(OB_FAULT_KILL);
        warm.check_nothing_lost();
        CHECK((warm.rig.output() == undisturbed({}, warm.rig.frame_count())));
    }

    TEST_CASE("parameters set since the checkpoint are in force after a kill")
    {
        const auto stream = [](bool with_kills) {
            WarmRig warm{{}};
            run_with_parameter_steps(warm.rig, with_kills);
            return warm.rig.output();
        };
        CHECK((stream(true) == stream(false)));
    }

    TEST_CASE("a state that was loaded is in force after a kill, at once and later")
    {
        const auto stream = [](bool with_kills) {
            WarmRig warm{{}};
            const Insert& insert = warm.rig.insert();
            const auto mix = insert.parameters().front();
            REQUIRE(insert.set_parameter(mix.id, mix.maximum) == OB_OK);
            warm.rig.run(6'400, every_block(64));
            const auto state = insert.save_state();
            REQUIRE(insert.set_parameter(mix.id, mix.minimum) == OB_OK);
            warm.rig.run(6'400, every_block(64));
            REQUIRE(warm.wait_until_whole());
            insert.load_state(state);
            for (int kill = 0; kill < 3; ++kill) {
                warm.rig.run(64 * (1 + 60 * static_cast<std::uint64_t>(kill)), every_block(64));
                if (kill != 0)
                    REQUIRE(warm.wait_until_whole());
                if (with_kills)
                    REQUIRE(ob_insert_inject_fault(insert.get(), OB_FAULT_KILL, 0) == OB_OK);
            }
            warm.rig.run(6'400, every_block(64));
            return warm.rig.output();
        };
        CHECK((stream(true) == stream(false)));
    }

    TEST_CASE("a processor without checkpoints gets no warm standby, and the message says why")
    {
        StreamingRig rig{{}};
        InsertConfig config = rig.config_for("invert");
        config.standby = OB_STANDBY_WARM;
        try {
            rig.add(config);
            FAIL("it was accepted");
        } catch (const outboard::Error& error) {
            CHECK(error.status() == OB_ERR_REFUSED);
            CHECK(std::string{error.what()}.find("no checkpoints") != std::string::npos);
        }
    }
}
