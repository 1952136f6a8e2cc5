// SPDX-License-Identifier: MIT
//
// The ladder, with and without rights: what it obtains is what the kernel says, and what it does
// not obtain is explained.

#include "rt/control/realtime.hpp"

#include <doctest/doctest.h>
#include <grp.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <thread>

namespace {

using namespace outboard::rt;
using Step = RealtimeGrant::Step;

/// Ends every right to real-time scheduling of this process, for good.
void give_up_rights()
{
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_RTPRIO, &none);
    ::setrlimit(RLIMIT_NICE, &none);
    constexpr uid_t nobody = 65534;
    if (::geteuid() == 0 && (::setgroups(0, nullptr) != 0 || ::setuid(nobody) != 0))
        ::_exit(2);
}

/// What the ladder says in a process without rights.
[[nodiscard]] std::string described_without_rights(const RealtimeRequest& request)
{
    std::array<int, 2> ends{-1, -1};
    REQUIRE(::pipe(ends.data()) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        give_up_rights();
        const std::string text = describe(obtain_realtime(request));
        const bool is_written = ::write(ends[1], text.data(), text.size()) > 0;
        ::_exit(is_written ? 0 : 1);
    }
    REQUIRE(child > 0);
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    std::array<char, 512> text{};
    const ssize_t length = ::read(ends[0], text.data(), text.size());
    ::close(ends[0]);
    ::close(ends[1]);
    REQUIRE(length > 0);
    return {text.data(), static_cast<std::size_t>(length)};
}

}  // namespace

TEST_SUITE("rt/realtime")
{
    TEST_CASE("the grant is what the kernel has, and says why it is not better")
    {
        RealtimeGrant grant;
        Result<os::ThreadScheduling> present;
        std::thread thread{[&] {
            grant = obtain_realtime({.priority = 3});
            present = os::thread_scheduling(0);
        }};
        thread.join();
        REQUIRE(present);
        CHECK(present->policy == grant.policy);
        CHECK(present->priority == grant.priority);
        CHECK(present->nice_level == grant.nice_level);
        CHECK(is_set(grant.refused) == (grant.step != Step::fifo));
    }

    TEST_CASE("without rights the thread stays ordinary, with the reason and the remedy")
    {
        const std::string text = described_without_rights({.priority = 78});
        CHECK(text.starts_with("ordinary scheduling, nice "));
        CHECK(text.find("SCHED_FIFO 78 refused: RLIMIT_RTPRIO is 0; raise it in "
                        "/etc/security/limits.d") != std::string::npos);
        CHECK(text.find("RealtimeKit") == std::string::npos);  // not allowed, so not asked
    }

    TEST_CASE("a priority that does not exist is refused in words, not silently")
    {
        const std::string text = described_without_rights({.priority = 100});
        CHECK(text.find("SCHED_FIFO 100 refused: Invalid argument") != std::string::npos);
    }

    TEST_CASE("each rung has its words")
    {
        RealtimeGrant grant{.policy = os::Policy::fifo,
                            .priority = 78,
                            .step = Step::fifo,
                            .requested_priority = 78};
        CHECK(describe(grant) == "SCHED_FIFO 78");

        grant.refused = {ErrorCode::no_permission, EPERM, "sched_setscheduler SCHED_FIFO"};
        grant.step = Step::realtime_kit;
        grant.priority = 20;
        CHECK(describe(grant) ==
              "SCHED_RR 20 by RealtimeKit (SCHED_FIFO 78 refused: RLIMIT_RTPRIO "
              "is 0; raise it in /etc/security/limits.d)");

        grant.step = Step::nice;
        grant.nice_level = -11;
        grant.priority_limit = 95;
        grant.refused_by_realtime_kit = {ErrorCode::not_found, 0, "RealtimeKit (no such service)"};
        CHECK(describe(grant) ==
              "nice -11 (SCHED_FIFO 78 refused: RLIMIT_RTPRIO is 95, but the control group has no "
              "real-time budget (cpu.rt_runtime_us); RealtimeKit refused: RealtimeKit (no such "
              "service))");
    }
}
