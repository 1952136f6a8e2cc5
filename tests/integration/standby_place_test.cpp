// SPDX-License-Identifier: MIT
//
// Where the DSP threads of primary and standby really run, as the kernel tells it: before a death
// and after it.

#include "tests/integration/support/real_time_stream.hpp"
#include "tests/support/sanitizer.hpp"
#include "tests/support/skip.hpp"

#include <doctest/doctest.h>
#include <sched.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using namespace outboard::test;
using outboard::Insert;
using outboard::InsertConfig;

namespace {

constexpr int primary_priority = audio_priority - 2;

struct Place {
    int priority = 0;
    bool is_on_audio_cpu = false;
    bool is_on_others = false;
};

/// Of the DSP thread of a process; nothing when there is none.
[[nodiscard]] std::optional<Place> place_of(std::int32_t process_id, int audio_cpu)
{
    const std::string tasks = "/proc/" + std::to_string(process_id) + "/task";
    std::error_code error;
    for (const auto& task : std::filesystem::directory_iterator{tasks, error}) {
        std::string name;
        std::getline(std::ifstream{task.path() / "comm"}, name);
        if (name != "ob-dsp")
            continue;
        const int thread = std::stoi(task.path().filename().string());
        sched_param parameters{};
        cpu_set_t cpus;
        if (::sched_getparam(thread, &parameters) != 0 ||
            ::sched_getaffinity(thread, sizeof(cpus), &cpus) != 0)
            return std::nullopt;
        const bool has_audio_cpu = CPU_ISSET(audio_cpu, &cpus);
        return Place{parameters.sched_priority, has_audio_cpu,
                     CPU_COUNT(&cpus) > (has_audio_cpu ? 1 : 0)};
    }
    return std::nullopt;
}

/// The processes that this one has started, but for one.
[[nodiscard]] std::vector<std::int32_t> children_but(std::int32_t process_id)
{
    std::vector<std::int32_t> found;
    for (const auto& task : std::filesystem::directory_iterator{"/proc/self/task"}) {
        std::ifstream children{task.path() / "children"};
        for (std::int32_t child = 0; children >> child;) {
            if (child != process_id)
                found.push_back(child);
        }
    }
    return found;
}

[[nodiscard]] bool wait_for(const std::function<bool()>& is_so)
{
    for (int attempt = 0; attempt < 5000; ++attempt) {
        if (is_so())
            return true;
        std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
    return false;
}

struct Roles {
    std::optional<Place> primary;
    std::optional<Place> standby;
};

[[nodiscard]] Roles roles_of(const Insert& insert, int cpu)
{
    const std::int32_t primary = insert.status().service_process_id;
    Roles roles{place_of(primary, cpu), std::nullopt};
    for (const std::int32_t child : children_but(primary)) {
        if (const auto place = place_of(child, cpu))
            roles.standby = place;
    }
    return roles;
}

[[nodiscard]] bool is_primary_on_audio_cpu(const Roles& roles)
{
    return roles.primary && roles.primary->priority == primary_priority &&
           roles.primary->is_on_audio_cpu && !roles.primary->is_on_others;
}

[[nodiscard]] bool trails(const Roles& roles)
{
    return is_primary_on_audio_cpu(roles) && roles.standby &&
           roles.standby->priority == primary_priority - 1 && roles.standby->is_on_audio_cpu &&
           !roles.standby->is_on_others;
}

[[nodiscard]] bool is_elsewhere(const Roles& roles)
{
    return is_primary_on_audio_cpu(roles) && roles.standby &&
           roles.standby->priority == primary_priority && !roles.standby->is_on_audio_cpu;
}

/// A stream with a standby, and the rights to see it.
struct PlacedStream {
    PlacedStream(const char* processor, ob_standby_placement placement)
        : cpu(last_allowed_cpu()),
          stream(
              cpu,
              [=](const StreamingRig& rig) {
                  InsertConfig config = rig.config_for(processor);
                  config.standby = OB_STANDBY_HOT;
                  config.standby_placement = placement;
                  return config;
              },
              60)
    {
        stream.start();
    }
    [[nodiscard]] const Insert& insert() { return stream.rig().insert(); }
    [[nodiscard]] bool is_soon(bool (*is_so)(const Roles&))
    {
        return wait_for(
            [&] { return insert().status().standby_count == 1 && is_so(roles_of(insert(), cpu)); });
    }

    int cpu;
    RealTimeStream stream;
};

/// @return whether the test can be made here
[[nodiscard]] bool can_place(bool needs_two_cpus)
{
    bool is_realtime = false;
    std::thread{[&] {
        ob_realtime_grant grant{};
        is_realtime = ob_thread_make_realtime(audio_priority, -1, &grant) == OB_OK &&
                      grant.step == OB_REALTIME_FIFO;
    }}.join();
    return is_realtime && !has_sanitizer && (!needs_two_cpus || last_allowed_cpu() > 0);
}

void check_roles_before_and_after_a_kill(ob_standby_placement placement,
                                         bool (*is_so)(const Roles&))
{
    if (!can_place(placement == OB_STANDBY_PLACEMENT_OTHER))
        return skip("SCHED_FIFO is not available here, or there is one CPU");
    PlacedStream placed{"invert", placement};
    CHECK(placed.is_soon(is_so));
    for (int kill = 0; kill < 3; ++kill) {
        const auto failovers = placed.insert().statistics().failovers;
        REQUIRE(kill_primary(placed.insert(), 1));
        REQUIRE(wait_for([&] { return placed.insert().statistics().failovers > failovers; }));
        CHECK(placed.is_soon(is_so));
    }
    CHECK(placed.insert().status().standby_placement == placement);
    CHECK(placed.insert().status().dsp_thread.priority == primary_priority);
}

}  // namespace

TEST_SUITE("integration/standby_place")
{
    TEST_CASE("[rt] a standby trails one priority below, and rises when it becomes primary")
    {
        check_roles_before_and_after_a_kill(OB_STANDBY_PLACEMENT_TRAILING, trails);
    }

    TEST_CASE("[rt] a standby on another CPU comes to the caller's when it becomes primary")
    {
        check_roles_before_and_after_a_kill(OB_STANDBY_PLACEMENT_OTHER, is_elsewhere);
    }

    TEST_CASE("[rt] where two blocks do not fit the deadline, a standby moves to another CPU")
    {
        if (!can_place(true))
            return skip("SCHED_FIFO is not available here, or there is one CPU");
        PlacedStream placed{"busy", OB_STANDBY_PLACEMENT_AUTO};  // 2 x 300 us of 667
        CHECK(placed.is_soon(is_elsewhere));
        const auto status = placed.insert().status();
        CHECK(status.standby_placement == OB_STANDBY_PLACEMENT_OTHER);
        CHECK(*status.standby_placement_reason != '\0');
    }

    TEST_CASE("a standby that cannot trail is refused, and the message says what it takes")
    {
        StreamingRig rig;  // its caller is not pinned
        InsertConfig config = rig.config_for("invert");
        config.standby = OB_STANDBY_HOT;
        config.standby_placement = OB_STANDBY_PLACEMENT_TRAILING;
        try {
            rig.add(config);
            FAIL("it was accepted");
        } catch (const outboard::Error& error) {
            CHECK(error.status() == OB_ERR_INVALID_ARGUMENT);
            CHECK(std::string{error.what()}.find("pinned") != std::string::npos);
        }
    }

    TEST_CASE("without a pinned caller the automatic choice is another CPU, and says why")
    {
        StreamingRig rig;
        InsertConfig config = rig.config_for("invert");
        config.standby = OB_STANDBY_HOT;
        rig.add(config);
        const auto status = rig.insert().status();
        CHECK(status.standby_placement == OB_STANDBY_PLACEMENT_OTHER);
        CHECK(std::string{status.standby_placement_reason}.find("caller's CPU") !=
              std::string::npos);
    }
}
