// SPDX-License-Identifier: MIT
//
// Many inserts in few processes: who shares one, that each gets its own answer, that all of them
// cost one wake, and that what happens to one lane, or to its process, is what it should be.

#include "tests/integration/support/children.hpp"
#include "tests/integration/support/mixer.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

using namespace outboard::test;
using outboard::Caller;
using outboard::CallerConfig;
using outboard::Host;
using outboard::HostConfig;
using outboard::Insert;
using outboard::InsertConfig;

namespace {

// As in services/test_processors.hpp.
constexpr std::uint32_t delicate_how = 1;
constexpr double delicate_dies = 1.0;

[[nodiscard]] std::size_t process_count_with(ob_grouping grouping, const char* first_group,
                                             const char* second_group)
{
    Mixer mixer{grouping};
    for (const char* const processor : {"invert", "identity"}) {
        InsertConfig config = insert_config(processor);
        config.group = first_group;
        mixer.add(config);
        config.group = second_group;
        mixer.add(config);
    }
    InsertConfig builtin = insert_config();
    builtin.service = "gain";
    builtin.processor = nullptr;
    mixer.add(builtin);
    builtin.service = "null";
    mixer.add(builtin);
    CHECK(mixer.cycle() == mixer.size());
    return child_processes().size();
}

/// How often the thread of that name in a process went to sleep of itself.
[[nodiscard]] std::uint64_t sleeps_of(std::int32_t process_id, const std::string& thread_name)
{
    const std::string folder = "/proc/" + std::to_string(process_id) + "/task";
    for (const auto& entry : std::filesystem::directory_iterator{folder}) {
        std::string name;
        std::ifstream{entry.path() / "comm"} >> name;
        if (name != thread_name)
            continue;
        std::ifstream status{entry.path() / "status"};
        for (std::string key; status >> key;) {
            std::uint64_t count = 0;
            if (key == "voluntary_ctxt_switches:" && status >> count)
                return count;
        }
    }
    FAIL("no thread " << thread_name);
    return 0;
}

[[nodiscard]] std::size_t open_handle_count(std::int32_t process_id)
{
    const std::filesystem::directory_iterator entries{"/proc/" + std::to_string(process_id) +
                                                      "/fd"};
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

}  // namespace

TEST_SUITE_BEGIN("integration/lanes");

TEST_CASE("who shares a process is the host's policy")
{
    // Two processors of the test service twice, gain and null of the built-in one.
    CHECK(process_count_with(OB_GROUPING_INSERT, nullptr, nullptr) == 6);
    CHECK(process_count_with(OB_GROUPING_SERVICE, nullptr, nullptr) == 3);
    CHECK(process_count_with(OB_GROUPING_CALLER, nullptr, nullptr) == 2);
    CHECK(process_count_with(OB_GROUPING_ALL, nullptr, nullptr) == 2);
}

TEST_CASE("a group that is named goes before the policy")
{
    CHECK(process_count_with(OB_GROUPING_INSERT, "left", "right") == 4);
    CHECK(process_count_with(OB_GROUPING_ALL, "left", "right") == 3);
    CHECK(process_count_with(OB_GROUPING_INSERT, "one", "one") == 3);
}

TEST_CASE("callers that run at the same time have processes of their own")
{
    const Host host{host_config(OB_GROUPING_CALLER)};
    const Caller first{host};
    const Caller second{host};
    const Insert a{first, insert_config()};
    const Insert b{first, insert_config()};
    const Insert c{second, insert_config()};
    CHECK(a.status().service_process_id == b.status().service_process_id);
    CHECK(a.status().service_process_id != c.status().service_process_id);
}

TEST_CASE("an unknown grouping is refused")
{
    HostConfig config = host_config(OB_GROUPING_INSERT);
    const int unknown = 17;
    static_assert(sizeof(config.grouping) == sizeof(unknown));
    std::memcpy(&config.grouping, &unknown, sizeof(unknown));
    ob_host* host = nullptr;
    CHECK(ob_host_create(&config, &host) == OB_ERR_INVALID_ARGUMENT);
    CHECK(std::string{ob_last_error_message()}.find("grouping is 17") != std::string::npos);
}

TEST_CASE("64 lanes in one process each get their own answer")
{
    Mixer mixer{OB_GROUPING_ALL};
    mixer.add_many(64);
    CHECK(mixer.process_ids().size() == 1);
    mixer.check_cycles(200);
}

TEST_CASE("lanes of several formats share a process")
{
    Mixer mixer{OB_GROUPING_ALL};
    mixer.add_many(3);
    InsertConfig other = insert_config();
    other.event_bytes = 64;
    mixer.add(other);
    other = insert_config();
    other.max_frame_count = 1'000;
    mixer.add(other);
    other = insert_config();
    other.mode = OB_MODE_PIPELINED;
    other.latency_blocks = 8;
    const Insert pipelined{mixer.caller(), other};
    mixer.add_many(3);
    CHECK(mixer.process_ids().size() == 1);
    CHECK(pipelined.status().service_process_id == mixer.strip(0).process_id());
    mixer.check_cycles(50);
}

TEST_CASE("a cycle of many lanes is one wake")
{
    constexpr std::uint64_t cycle_count = 500;
    Mixer mixer{OB_GROUPING_ALL};
    mixer.add_many(32);
    mixer.check_cycles(50);
    const std::int32_t process_id = mixer.strip(0).process_id();
    const std::uint64_t sleeps_before = sleeps_of(process_id, "ob-dsp");
    for (std::uint64_t cycle = 0; cycle < cycle_count; ++cycle) {
        std::this_thread::sleep_for(std::chrono::microseconds{500});
        REQUIRE(mixer.cycle() == mixer.size());
    }
    const std::uint64_t sleeps = sleeps_of(process_id, "ob-dsp") - sleeps_before;
    MESSAGE(sleeps << " sleeps in " << cycle_count << " cycles of 32 lanes");
    // The kernel may wake a thread for nothing; a wake a lane would be 16,000.
    CHECK(sleeps >= cycle_count / 2);
    CHECK(sleeps <= cycle_count + cycle_count / 10);
}

TEST_CASE("the death of a process is survived by all its lanes")
{
    Mixer mixer{OB_GROUPING_ALL};
    mixer.add_many(16);
    mixer.check_cycles(10);
    const std::int32_t first = mixer.strip(0).process_id();
    REQUIRE(::kill(first, SIGKILL) == 0);
    REQUIRE(mixer.run_until([&] {
        const auto ids = mixer.process_ids();
        return ids.size() == 1 && *ids.begin() > 0 && *ids.begin() != first;
    }));
    REQUIRE(mixer.run_until_answered());
    CHECK(child_processes().size() == 1);
    // The fade back in takes a block.
    static_cast<void>(mixer.cycle());
    mixer.check_cycles(10);
    for (std::size_t index = 0; index < mixer.size(); ++index)
        CHECK(mixer.strip(index).insert().statistics().failovers == 1);
}

TEST_CASE("hot standbys of many lanes are one process more, and lose nothing")
{
    constexpr int kill_count = 5;
    Mixer mixer{OB_GROUPING_ALL};
    InsertConfig config = insert_config();
    config.standby = OB_STANDBY_HOT;
    mixer.add_many(12, config);
    const auto is_whole = [&] {
        for (std::size_t index = 0; index < mixer.size(); ++index) {
            if (mixer.strip(index).insert().status().standby_count == 0)
                return false;
        }
        return true;
    };
    const auto has_seen_deaths = [&](int count) {
        for (std::size_t index = 0; index < mixer.size(); ++index) {
            const auto seen = mixer.strip(index).insert().statistics().failovers;
            if (seen < static_cast<std::uint64_t>(count))
                return false;
        }
        return true;
    };
    for (int kill = 0; kill < kill_count; ++kill) {
        REQUIRE(mixer.run_until(is_whole));
        CHECK(child_processes().size() == 2);
        mixer.check_cycles(20);
        REQUIRE(::kill(mixer.strip(0).process_id(), SIGKILL) == 0);
        mixer.check_cycles(20);
        // The standby may have answered all of them before the death was seen: until it is, the
        // dead one counts, and the next kill would strike the only one alive.
        REQUIRE(mixer.run_until([&] { return has_seen_deaths(kill + 1); }));
    }
    REQUIRE(mixer.run_until(is_whole));
    for (std::size_t index = 0; index < mixer.size(); ++index) {
        const auto statistics = mixer.strip(index).insert().statistics();
        CHECK(statistics.frames_lost == 0);
        CHECK(statistics.concealed_blocks == 0);
        CHECK(statistics.diverged_blocks == 0);
    }
}

TEST_CASE("inserts come and go in a process whose other lanes stream on")
{
    Mixer mixer{OB_GROUPING_ALL};
    mixer.add_many(4);
    mixer.check_cycles(5);
    const std::int32_t process_id = mixer.strip(0).process_id();
    // More than a link has lanes: they are used again.
    constexpr int change_count = 1'100;
    std::size_t handles_here = 0;
    std::size_t handles_there = 0;
    for (int change = 0; change < change_count; ++change) {
        mixer.add();
        mixer.check_cycles(1);
        mixer.remove(1 + static_cast<std::size_t>(change) % 3);
        mixer.check_cycles(1);
        if (change == 50) {
            handles_here = open_handle_count(::getpid());
            handles_there = open_handle_count(process_id);
        }
    }
    CHECK(mixer.process_ids() == std::set{process_id});
    CHECK(open_handle_count(::getpid()) <= handles_here + 2);
    CHECK(open_handle_count(process_id) <= handles_there + 2);
}

TEST_CASE("an insert that cannot start does the others no harm")
{
    Mixer mixer{OB_GROUPING_ALL};
    mixer.add_many(3);
    CHECK_THROWS_AS(mixer.add(insert_config("no-such-processor")), outboard::Error);
    const ob_parameter_value value{.id = 4711, .reserved = 0, .value = 0.0};
    InsertConfig config = insert_config("level");
    config.parameter_count = 1;
    config.parameters = &value;
    CHECK_THROWS_AS(mixer.add(config), outboard::Error);
    mixer.check_cycles(50);
    CHECK(child_processes().size() == 1);
    for (std::size_t index = 0; index < mixer.size(); ++index)
        CHECK(mixer.strip(index).insert().statistics().failovers == 0);
}

TEST_CASE("a poison block is one of its own lane only")
{
    Mixer mixer{OB_GROUPING_ALL};
    InsertConfig config = insert_config("delicate");
    config.standby = OB_STANDBY_HOT;
    mixer.add_many(4, config);
    const auto is_whole = [&] {
        return mixer.strip(3).insert().status().standby_count == 1 &&
               mixer.strip(0).insert().status().standby_count == 1;
    };
    REQUIRE(mixer.run_until(is_whole));
    REQUIRE(mixer.strip(2).insert().set_parameter(delicate_how, delicate_dies) == OB_OK);
    REQUIRE(
        mixer.run_until([&] { return mixer.strip(2).insert().statistics().poison_blocks == 1; }));
    REQUIRE(mixer.run_until(is_whole));
    for (std::size_t index = 0; index < mixer.size(); ++index) {
        CAPTURE(index);
        CHECK(mixer.strip(index).insert().statistics().poison_blocks == (index == 2 ? 1 : 0));
    }
}

TEST_SUITE_END();
