// SPDX-License-Identifier: MIT

#include "rt/os/scheduling.hpp"
#include "tests/support/skip.hpp"

#include <doctest/doctest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <thread>

namespace {

using namespace outboard::rt;
using os::Policy;

/// Runs `check` on a thread of its own, so that the test's thread keeps its scheduling.
template <typename Check>
void on_own_thread(Check check)
{
    std::thread thread{check};
    thread.join();
}

constexpr std::int32_t no_such_thread = (1 << 22) + 1;  // above all that the kernel gives

}  // namespace

TEST_SUITE("rt/os_scheduling")
{
    TEST_CASE("a thread is born ordinary, and asking by id or by 0 is the same")
    {
        const auto self = os::thread_scheduling(0);
        const auto by_id = os::thread_scheduling(os::current_thread_id());
        REQUIRE(self);
        REQUIRE(by_id);
        CHECK(self->policy == Policy::other);
        CHECK(self->priority == 0);
        CHECK(by_id->nice_level == self->nice_level);
    }

    TEST_CASE("SCHED_FIFO is obtained as asked, or refused for want of permission")
    {
        Result<void> granted;
        Result<os::ThreadScheduling> present;
        Result<os::ThreadScheduling> of_child_thread;
        on_own_thread([&] {
            granted = os::set_fifo(0, 2);
            present = os::thread_scheduling(0);
            on_own_thread([&] { of_child_thread = os::thread_scheduling(0); });
        });
        REQUIRE(present);
        REQUIRE(of_child_thread);
        CHECK(of_child_thread->policy == Policy::other);  // reset on fork
        if (!granted) {
            CHECK(granted.error().code == ErrorCode::no_permission);
            CHECK(present->policy == Policy::other);
            return outboard::test::skip("no right to SCHED_FIFO");
        }
        CHECK(present->policy == Policy::fifo);
        CHECK(present->priority == 2);
    }

    TEST_CASE("a real-time thread can become ordinary again, and then nicer")
    {
        on_own_thread([] {
            [[maybe_unused]] const auto granted = os::set_fifo(0, 2);
            const auto before = os::thread_scheduling(0);
            REQUIRE(before);
            const int nicer = std::min(before->nice_level + 3, 19);
            CHECK(os::set_other(0, nicer));
            const auto after = os::thread_scheduling(0);
            REQUIRE(after);
            CHECK(after->policy == Policy::other);
            CHECK(after->nice_level == nicer);
        });
    }

    TEST_CASE("priorities out of range and threads that do not exist are refused")
    {
        for (const int priority : {-1, 0, 100}) {
            CAPTURE(priority);
            CHECK(os::set_fifo(0, priority).error().code == ErrorCode::invalid_argument);
        }
        CHECK(os::set_fifo(no_such_thread, 1).error().code == ErrorCode::not_found);
        CHECK(os::set_other(no_such_thread, 0).error().code == ErrorCode::not_found);
        CHECK(os::thread_scheduling(no_such_thread).error().code == ErrorCode::not_found);
        CHECK(os::thread_cpus(no_such_thread).error().code == ErrorCode::not_found);
    }

    TEST_CASE("a thread can be pinned to each CPU it may use, and runs there")
    {
        const auto allowed = os::thread_cpus(0);
        REQUIRE(allowed);
        REQUIRE_FALSE(allowed->empty());
        CHECK(std::is_sorted(allowed->begin(), allowed->end()));
        on_own_thread([&] {
            for (const int cpu : *allowed) {
                CAPTURE(cpu);
                REQUIRE(os::set_thread_cpus(0, {cpu}));
                CHECK(os::current_cpu() == cpu);
                CHECK(*os::thread_cpus(0) == std::vector{cpu});
            }
        });
        CHECK(*os::thread_cpus(0) == *allowed);
    }

    TEST_CASE("CPUs that cannot exist are refused")
    {
        using Cpus = std::vector<int>;
        for (const Cpus& cpus : {Cpus{}, Cpus{-1}, Cpus{8192}, Cpus{8191}}) {
            CHECK(os::set_thread_cpus(0, cpus).error().code == ErrorCode::invalid_argument);
        }
    }

    TEST_CASE("CPU latency is held while its handle is open, where this user may")
    {
        CHECK(os::hold_cpu_latency(-1).error().code == ErrorCode::invalid_argument);
        const auto held = os::hold_cpu_latency(2000);
        if (!held)
            return outboard::test::skip("/dev/cpu_dma_latency cannot be written here");
        CHECK(held->is_open());
    }

    TEST_CASE("a thread name is cut, not refused")
    {
        std::array<char, 16> name{};
        on_own_thread([&] {
            os::name_current_thread("outboard-supervisor");
            ::prctl(PR_GET_NAME, name.data());
        });
        CHECK(std::string{name.data()} == "outboard-superv");
    }

    TEST_CASE("a service can lock its memory, or is told that it cannot")
    {
        const pid_t child = ::fork();
        if (child == 0) {
            const auto locked = os::lock_all_memory();
            ::_exit(locked || locked.error().sys_errno != 0 ? 0 : 1);
        }
        REQUIRE(child > 0);
        int status = -1;
        REQUIRE(::waitpid(child, &status, 0) == child);
        CHECK(status == 0);
    }
}
