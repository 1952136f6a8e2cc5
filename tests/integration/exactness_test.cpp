// SPDX-License-Identifier: MIT
//
// What the status says of standbys, and what the forecast says of the primary's death, held against
// what happens: for each level of guarantee.

#include "tests/integration/support/streaming_rig.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

using namespace outboard::test;
using outboard::HostConfig;
using outboard::Insert;
using outboard::InsertConfig;

namespace {

constexpr std::uint64_t second_frames = 48'000;
constexpr std::uint64_t drift_onset_frame = 24'000;  // test_processors.hpp

/// What the library logged.
class Log {
public:
    [[nodiscard]] HostConfig host_config()
    {
        HostConfig config = test_host_config();
        config.log_context = this;
        config.log = [](void* self, ob_log_level, const char* message) {
            static_cast<Log*>(self)->add(message);
        };
        return config;
    }
    [[nodiscard]] bool has(const std::string& part)
    {
        const std::lock_guard lock{mutex_};
        return std::any_of(lines_.begin(), lines_.end(), [&](const std::string& line) {
            return line.find(part) != std::string::npos;
        });
    }

private:
    void add(const char* message)
    {
        const std::lock_guard lock{mutex_};
        lines_.emplace_back(message);
    }
    std::mutex mutex_;
    std::vector<std::string> lines_;
};

[[nodiscard]] InsertConfig hot_config(const StreamingRig& rig, const char* processor, ob_pace pace)
{
    InsertConfig config = rig.config_for(processor);
    config.standby = OB_STANDBY_HOT;
    config.pace = pace;
    // A stall of the machine is not to take part.
    config.hang_limit_ns = 4'000'000'000;
    return config;
}

/// A stream in real time, whose budget outlasts any stall of the machine.
struct HotRig {
    explicit HotRig(const char* processor, ob_pace pace = OB_PACE_REALTIME)
        : rig({}, {}, log.host_config())
    {
        rig.add(hot_config(rig, processor, pace));
        rig.set_real_time(pace == OB_PACE_REALTIME);
    }
    [[nodiscard]] const Insert& insert() { return rig.insert(); }
    [[nodiscard]] bool run_until_in_step()
    {
        return rig.run_until([&] { return insert().status().standby_count == 1; },
                             20 * second_frames);
    }
    [[nodiscard]] bool run_until_guarantee(ob_guarantee guarantee)
    {
        return rig.run_until([&] { return insert().status().guarantee == guarantee; },
                             20 * second_frames);
    }
    void kill_primary()
    {
        const auto before = insert().statistics().failovers;
        REQUIRE(ob_insert_inject_fault(insert().get(), OB_FAULT_KILL, 0) == OB_OK);
        REQUIRE(rig.run_until([&] { return insert().statistics().failovers > before; },
                              20 * second_frames));
    }

    Log log;
    StreamingRig rig;
};

[[nodiscard]] bool contains(const char* text, const std::string& part)
{
    return std::string{text}.find(part) != std::string::npos;
}

/// The incident that a replica has diverged; nothing if there is none, or another one.
[[nodiscard]] std::optional<ob_incident> only_divergence(const Insert& insert)
{
    std::optional<ob_incident> found;
    for (const ob_incident& incident : take_incidents(insert)) {
        if (incident.kind != OB_INCIDENT_DIVERGED)
            continue;
        if (found)
            return std::nullopt;
        found = incident;
    }
    return found;
}

/// What a kill cost, in blocks.
struct Cost {
    std::uint64_t concealed;
    bool is_within_forecast;
};

/// Takes the forecast, kills, streams on for a moment.
[[nodiscard]] Cost kill_after_forecast(HotRig& hot)
{
    const ob_insert_forecast forecast = hot.insert().forecast();
    const auto before = hot.insert().statistics();
    hot.kill_primary();
    hot.rig.run(6400, every_block(64));
    const std::uint64_t concealed =
        hot.insert().statistics().concealed_blocks - before.concealed_blocks;
    return {concealed, concealed >= forecast.blocks_lost && concealed <= forecast.blocks_lost_max};
}

}  // namespace

TEST_SUITE("integration/exactness")
{
    TEST_CASE("exact: the forecast is that nothing changes, and nothing does")
    {
        HotRig hot{"undeclared"};
        REQUIRE(hot.run_until_guarantee(OB_GUARANTEE_EXACT));
        const ob_insert_forecast forecast = hot.insert().forecast();
        CHECK(forecast.is_identical == 1);
        CHECK(forecast.blocks_lost == 0);
        CHECK(forecast.blocks_lost_max == 0);
        CHECK(std::string{forecast.reason}.empty());
        const Cost cost = kill_after_forecast(hot);
        CHECK(cost.is_within_forecast);
        const auto& output = hot.rig.output().front();
        bool is_undisturbed = true;
        for (std::uint64_t frame = 0; frame < output.size(); ++frame)
            is_undisturbed &= output[frame] == static_cast<float>(frame / 64 * 64);
        CHECK(is_undisturbed);
    }

    TEST_CASE("finite memory: what nobody has declared counts as exact after a second of equality")
    {
        HotRig hot{"undeclared"};
        REQUIRE(hot.run_until_in_step());
        const auto status = hot.insert().status();
        CHECK(status.guarantee == OB_GUARANTEE_FINITE_MEMORY);
        CHECK(contains(status.guarantee_reason, "compared"));
        CHECK(hot.insert().forecast().is_identical == 0);
        const std::uint64_t since = hot.rig.frame_count();
        REQUIRE(hot.run_until_guarantee(OB_GUARANTEE_EXACT));
        CHECK(hot.rig.frame_count() - since >= second_frames / 2);
    }

    TEST_CASE("finite memory: a change before it is exact is a fade without a concealed block")
    {
        HotRig hot{"undeclared"};
        REQUIRE(hot.run_until_in_step());
        CHECK(hot.insert().forecast().is_identical == 0);
        const Cost cost = kill_after_forecast(hot);
        CHECK(cost.concealed == 0);
        CHECK(cost.is_within_forecast);
    }

    TEST_CASE("state only: a newcomer of a processor without checkpoints answers, and has no past")
    {
        HotRig hot{"free_running"};
        REQUIRE(
            hot.run_until_guarantee(OB_GUARANTEE_EXACT));  // both have been there from the start
        const std::uint64_t missed_frames = hot.rig.frame_count();
        REQUIRE(missed_frames > 0);
        hot.kill_primary();
        REQUIRE(hot.run_until_in_step());
        const auto status = hot.insert().status();
        CHECK(status.guarantee == OB_GUARANTEE_PARAMETERS);
        const bool says_why = contains(status.guarantee_reason, "no checkpoints") ||
                              contains(status.guarantee_reason, "not that of the primary");
        CHECK(says_why);
        const ob_insert_forecast forecast = hot.insert().forecast();
        CHECK(forecast.is_identical == 0);
        CHECK(forecast.blocks_lost_max == 0);
        const Cost cost = kill_after_forecast(hot);
        CHECK(cost.is_within_forecast);
        CHECK(hot.rig.output().front().back() <=
              static_cast<float>(hot.rig.frame_count() - missed_frames));
    }

    TEST_CASE("none: without a standby the forecast is a gap, and there is one")
    {
        HotRig hot{"invert"};
        REQUIRE(hot.run_until_in_step());
        hot.rig.insert().set_standby_count(0);
        REQUIRE(hot.run_until_guarantee(OB_GUARANTEE_NONE));
        const ob_insert_forecast forecast = hot.insert().forecast();
        CHECK(forecast.blocks_lost == 1);
        CHECK(forecast.blocks_lost_max == UINT32_MAX);
        CHECK(forecast.is_identical == 0);
        CHECK(contains(forecast.reason, "no standby"));
        const Cost cost = kill_after_forecast(hot);
        CHECK(cost.concealed >= 1);
        CHECK(cost.is_within_forecast);
    }

    TEST_CASE("between a death and the newcomer the status says what it waits for")
    {
        HotRig hot{"slow_load"};
        REQUIRE(hot.run_until_in_step());
        hot.kill_primary();
        const auto status = hot.insert().status();
        CHECK(status.guarantee == OB_GUARANTEE_NONE);
        CHECK(contains(status.guarantee_reason, "a standby is"));
        REQUIRE(hot.run_until_in_step());
        CHECK(hot.insert().status().guarantee == OB_GUARANTEE_EXACT);
    }

    TEST_CASE("a standby that falls behind by more than its ring catches up from the history")
    {
        HotRig hot{"late_starter"};
        REQUIRE(hot.run_until_in_step());
        hot.kill_primary();
        REQUIRE(hot.run_until_in_step());
        const auto statistics = hot.insert().statistics();
        CHECK(statistics.not_posted > 0);
        CHECK(statistics.failovers == 1);
        CHECK(statistics.diverged_blocks == 0);
        CHECK(hot.insert().status().guarantee == OB_GUARANTEE_EXACT);
    }

    TEST_CASE("standbys that cannot keep up are tried three times, then the status says so")
    {
        HotRig hot{"laggard"};
        REQUIRE(hot.run_until_in_step());
        hot.kill_primary();
        const auto says_so = [&] {
            return contains(hot.insert().status().guarantee_reason, "cannot keep up: 3");
        };
        REQUIRE(hot.rig.run_until(says_so, 30 * second_frames));
        CHECK(hot.insert().status().guarantee == OB_GUARANTEE_NONE);
        CHECK(hot.insert().statistics().frames_lost == 0);
        std::uint32_t behind_count = 0;
        for (const ob_incident& incident : take_incidents(hot.insert())) {
            if (incident.kind == OB_INCIDENT_STANDBY_LOST && incident.cause == OB_CAUSE_BEHIND)
                ++behind_count;
        }
        CHECK(behind_count >= 3);  // three in a row; a busy machine may have cost one before
        const auto log_says_so = [&] { return hot.log.has("cannot keep up"); };
        CHECK(hot.rig.run_until(log_says_so, 20 * second_frames));
    }

    TEST_CASE("a standby that diverges is reported once, in the log as well, and not played")
    {
        std::optional<HotRig> hot;
        std::optional<ob_incident> diverged;
        const auto is_of_standby = [&] {
            return diverged && diverged->process_id != hot->insert().status().service_process_id;
        };
        // A machine that stalls at the very block of the onset has the standby played there.
        for (int attempt = 0; attempt < 3 && !is_of_standby(); ++attempt) {
            hot.emplace("drift");
            REQUIRE(hot->run_until_in_step());
            CHECK(hot->insert().status().guarantee == OB_GUARANTEE_EXACT);
            CHECK(hot->insert().forecast().is_identical == 1);
            hot->rig.run(2 * second_frames, every_block(64));
            diverged = only_divergence(hot->insert());
            REQUIRE(diverged);
        }
        CHECK(is_of_standby());
        CHECK(diverged->sequence == drift_onset_frame / 64);
        CHECK(diverged->stream_frame == drift_onset_frame);

        const auto status = hot->insert().status();
        CHECK(status.guarantee == OB_GUARANTEE_PARAMETERS);
        CHECK(contains(status.guarantee_reason, "not that of the primary"));
        CHECK(hot->insert().statistics().diverged_blocks > 100);
        CHECK(hot->log.has("is not that of the primary"));
        CHECK(hot->insert().forecast().is_identical == 0);
        CHECK(kill_after_forecast(*hot).is_within_forecast);
    }

    TEST_CASE("behind a change to another source, newcomers are compared with that one")
    {
        HotRig hot{"free_running", OB_PACE_FREE};
        hot.rig.run(6400, every_block(64));
        hot.kill_primary();
        hot.rig.run(6400, every_block(64));  // the newcomer has no past
        CHECK(hot.insert().status().guarantee == OB_GUARANTEE_PARAMETERS);
        hot.kill_primary();
        hot.rig.run(6400,
                    every_block(64));  // it is the source now; and the next has no past either
        const auto diverged = hot.insert().statistics().diverged_blocks;
        CHECK(diverged > 0);
        CHECK(hot.insert().status().guarantee == OB_GUARANTEE_PARAMETERS);
        CHECK(hot.insert().statistics().frames_lost == 0);
    }

    TEST_CASE("a state that is loaded is in force in the standby as well")
    {
        HotRig hot{"level", OB_PACE_FREE};
        hot.rig.run(640, every_block(64));
        const double level = 5.0;
        std::vector<std::byte> state(sizeof(level));
        std::memcpy(state.data(), &level, sizeof(level));
        hot.insert().load_state(state);
        hot.rig.run(1280, every_block(64));
        CHECK(hot.rig.output().front().back() == 5.0f);
        CHECK(hot.insert().status().guarantee == OB_GUARANTEE_EXACT);
        hot.kill_primary();
        hot.rig.run(640, every_block(64));
        CHECK(hot.rig.output().front().back() == 5.0f);
        CHECK(hot.insert().statistics().diverged_blocks == 0);
    }
}
