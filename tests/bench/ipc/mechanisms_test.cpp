// SPDX-License-Identifier: MIT

#include "bench/ipc/mechanism.hpp"

#include "bench/ipc/session.hpp"
#include "rt/os/scheduling.hpp"

#include <doctest/doctest.h>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

using namespace outboard;
using namespace outboard::bench;
using namespace outboard::bench::ipc;

namespace {

constexpr std::uint64_t limit_ns = 20'000'000'000;

/// Without real-time rights, each side on a CPU of its own where there are two.
[[nodiscard]] Placement ordinary_placement()
{
    const auto cpus = rt::os::thread_cpus(0).value_or(std::vector<int>{0});
    return {.near_cpu = cpus.front(), .far_cpu = cpus.back(), .priority = 0};
}

[[nodiscard]] const Mechanism& mechanism_of(const std::string& name)
{
    const auto& all = mechanisms();
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.name == name; });
    REQUIRE(found != all.end());
    return *found;
}

/// What the kernel keeps by name, or by number, until somebody removes it.
[[nodiscard]] std::set<std::string> kept_by_the_kernel()
{
    std::set<std::string> names;
    std::error_code ignored;
    for (const auto& folder :
         {std::filesystem::path{"/dev/shm"}, std::filesystem::path{"/dev/mqueue"},
          std::filesystem::temp_directory_path()}) {
        for (const auto& entry : std::filesystem::directory_iterator{folder, ignored}) {
            if (entry.path().filename().string().starts_with("outboard-bench-ipc"))
                names.insert(entry.path());
        }
    }
    std::ifstream queues{"/proc/sysvipc/msg"};
    std::string key;
    std::string id;
    for (std::string rest; queues >> key >> id && std::getline(queues, rest);)
        names.insert("queue " + id);
    return names;
}

/// Both kinds of task, a few messages each: more than any channel holds of the small ones.
/// @return why the channel cannot be had, empty if it could and all messages came as they should
[[nodiscard]] std::string carry(const Mechanism& mechanism, std::size_t message_bytes)
{
    try {
        Session session{mechanism, {.message_bytes = message_bytes}, ordinary_placement()};
        const std::uint64_t count = message_bytes <= 4096 ? 200 : 10;
        const Chunk trips = session.run({TaskKind::round_trips, count}, limit_ns);
        CHECK(trips.round_trips_ns.size() == count);
        CHECK(*std::min_element(trips.round_trips_ns.begin(), trips.round_trips_ns.end()) > 0);
        const Chunk stream = session.run({TaskKind::one_way, 2 * count}, limit_ns);
        CHECK(stream.elapsed_ns > 0);
        CHECK(session.run({TaskKind::round_trips, 3}, limit_ns).round_trips_ns.size() == 3);
        return "";
    } catch (const Refused& reason) {
        CHECK(std::string{reason.what()} != "");
        return reason.what();
    }
}

void check_everything_is_carried(const std::string& name, std::size_t message_bytes_max)
{
    const Mechanism& mechanism = mechanism_of(name);
    if (mechanism.open == nullptr) {
        CHECK(std::string{mechanism.missing} != "");
        return;
    }
    const auto before = kept_by_the_kernel();
    for (const std::size_t size : {8, 24, 64, 4096, 65'536, 1 << 20}) {
        CAPTURE(name);
        CAPTURE(size);
        const std::string refusal = carry(mechanism, size);
        if (size <= message_bytes_max)
            CHECK(refusal == "");
    }
    CHECK(kept_by_the_kernel() == before);
}

constexpr std::size_t any_size = 1 << 20;

}  // namespace

TEST_SUITE("bench/ipc_mechanisms")
{
    TEST_CASE("rings carry every size, however they wait")
    {
        for (const char* name : {"ring-bell", "ring-bell-again", "ring-spin-bell", "ring-spin"})
            check_everything_is_carried(name, any_size);
    }

    TEST_CASE("byte streams carry every size")
    {
        for (const char* name : {"pipe", "fifo", "unix-stream", "tcp-loopback"})
            check_everything_is_carried(name, any_size);
    }

    TEST_CASE("packets and queues carry what their limits allow, and tell why no more")
    {
        check_everything_is_carried("unix-seqpacket", 65'536);
        check_everything_is_carried("posix-queue", 4096);
        check_everything_is_carried("system-v-queue", 4096);
    }

    TEST_CASE("shared memory carries every size, whatever counts its slots")
    {
        for (const char* name : {"signals", "semaphores", "eventfd", "mapped-file"})
            check_everything_is_carried(name, any_size);
    }

    TEST_CASE("files with inotify carry every size")
    {
        check_everything_is_carried("file-inotify", any_size);
    }

    TEST_CASE("gRPC carries every size, or the table says what the build lacked")
    {
        check_everything_is_carried("grpc", any_size);
    }

    TEST_CASE("all mechanisms have names of their own and say how they wait")
    {
        std::set<std::string> names;
        for (const Mechanism& mechanism : mechanisms()) {
            CHECK(names.insert(mechanism.name).second);
            CHECK(std::string{mechanism.waits_by} != "");
        }
        CHECK(names.size() == 17);
    }

    TEST_CASE("messages that are too large are refused with the limit's name")
    {
        const auto before = kept_by_the_kernel();
        constexpr std::size_t too_large = 32 << 20;  // no system's limits go that far
        CHECK(
            carry(mechanism_of("posix-queue"), too_large).find("/proc/sys/fs/mqueue/msgsize_max") !=
            std::string::npos);
        std::size_t longest = 0;
        std::ifstream{"/proc/sys/kernel/msgmax"} >> longest;
        if (longest < too_large) {
            CHECK(carry(mechanism_of("system-v-queue"), too_large).find("/proc/sys/kernel/msgm") !=
                  std::string::npos);
        }
        CHECK(kept_by_the_kernel() == before);
    }

    TEST_CASE("sides that spin are refused one CPU for both")
    {
        const Setup setup{.message_bytes = 64, .shares_cpu = true};
        CHECK_THROWS_AS(static_cast<void>(mechanism_of("ring-spin").open(setup)), Refused);
        CHECK_THROWS_AS(static_cast<void>(mechanism_of("ring-spin-bell").open(setup)), Refused);
        CHECK(mechanism_of("ring-bell").open(setup) != nullptr);
    }
}
