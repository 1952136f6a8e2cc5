// SPDX-License-Identifier: MIT
//
// Forked children die in all manners; what they said meanwhile lies in memory that both see.

#include "rt/os/death.hpp"
#include "tests/support/sanitizer.hpp"
#include "tests/support/skip.hpp"

#include <doctest/doctest.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <new>
#include <string>
#include <string_view>
#include <thread>

namespace {

using namespace outboard::rt;

/// Written by the child.
struct Said {
    std::atomic<int> crash_count{0};
    std::atomic<int> exit_count{0};
    int signal = 0;
    int code = 0;
    std::uintptr_t fault_address = 0;
    std::uintptr_t instruction = 0;
    int exit_code = -1;
    std::size_t frame_count = 0;
    std::uintptr_t first_address = 0;
    std::uintptr_t first_offset = 0;
    std::array<char, 256> first_module{};
    std::array<char, 16> thread_name{};
    bool has_recovered = false;
};
Said* said = nullptr;

void note_crash(const os::Crash& crash) noexcept
{
    ++said->crash_count;
    said->signal = crash.signal;
    said->code = crash.code;
    said->fault_address = crash.fault_address;
    said->instruction = crash.instruction;
    os::copy_thread_name(said->thread_name);
    std::array<os::BacktraceFrame, 24> frames{};
    said->frame_count = os::backtrace_of(crash, frames);
    said->first_address = frames[0].address;
    said->first_offset = frames[0].offset;
    std::string_view{frames[0].module}.copy(said->first_module.data(), 255);
}

void note_exit(int exit_code) noexcept
{
    ++said->exit_count;
    said->exit_code = exit_code;
}

constexpr os::DeathFunctions notes{.on_crash = note_crash, .on_exit = note_exit};

/// What became of a child that watches its own death and then runs `body`.
class DyingChild {
public:
    explicit DyingChild(
        const std::function<void()>& body, const std::function<void()>& before = [] {})
        : memory_(::mmap(nullptr, sizeof(Said), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                         -1, 0))
    {
        REQUIRE(memory_ != MAP_FAILED);
        said = new (memory_) Said;
        const pid_t child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            restore_defaults();
            before();
            if (!os::watch_own_death(notes))
                ::_exit(90);
            const auto stack = os::AlternateStack::for_this_thread();
            if (!stack)
                ::_exit(91);
            body();
            ::_exit(0);
        }
        REQUIRE(::waitpid(child, &status_, 0) == child);
    }
    ~DyingChild() { ::munmap(memory_, sizeof(Said)); }
    DyingChild(const DyingChild&) = delete;
    DyingChild(DyingChild&&) = delete;
    DyingChild& operator=(const DyingChild&) = delete;
    DyingChild& operator=(DyingChild&&) = delete;

    [[nodiscard]] int signal() const { return WIFSIGNALED(status_) ? WTERMSIG(status_) : 0; }
    [[nodiscard]] int exit_code() const { return WIFEXITED(status_) ? WEXITSTATUS(status_) : -1; }

private:
    /// doctest and sanitizers have handlers of their own.
    static void restore_defaults()
    {
        const rlimit none{};
        ::setrlimit(RLIMIT_CORE, &none);
        for (const int number : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGXCPU})
            ::signal(number, SIG_DFL);
        const stack_t no_stack{.ss_sp = nullptr, .ss_flags = SS_DISABLE, .ss_size = 0};
        ::sigaltstack(&no_stack, nullptr);
    }

    void* memory_;
    int status_ = 0;
};

/// A page that nobody may touch.
[[nodiscard]] char* forbidden_page()
{
    return static_cast<char*>(::mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

[[gnu::noinline]] void touch(std::atomic<char>* byte)
{
    byte->store(1, std::memory_order_relaxed);
}

void crash()
{
    touch(reinterpret_cast<std::atomic<char>*>(forbidden_page() + 16));
}

[[gnu::noinline]] int overflow(int depth)  // NOLINT(misc-no-recursion): that is the point
{
    std::array<char, 4096> frame;
    std::atomic<char*> kept{frame.data()};
    *kept.load() = static_cast<char>(depth);
    return depth < 0 ? 0 : overflow(depth + 1) + *kept.load();
}

sigjmp_buf recovery;
struct sigaction replaced_action;

void recover(int /*number*/)
{
    ::siglongjmp(recovery, 1);
}

void hand_on(int number, siginfo_t* info, void* context)
{
    replaced_action.sa_sigaction(number, info, context);
}

}  // namespace

TEST_SUITE("rt/os_death")
{
    TEST_CASE("a fault is told once, with its place, and kills as it would have done")
    {
        const DyingChild child{crash};
        CHECK(child.signal() == SIGSEGV);
        CHECK(said->crash_count == 1);
        CHECK(said->exit_count == 0);
        CHECK(said->signal == SIGSEGV);
        CHECK(said->code == SEGV_ACCERR);
        CHECK(said->fault_address % 4096 == 16);
        CHECK(said->instruction != 0);
    }

    TEST_CASE("a backtrace begins with the instruction that faulted, and names its module")
    {
        if (outboard::test::has_sanitizer) {
            outboard::test::skip("a sanitizer's own frames stand in between");
            return;
        }
        const DyingChild child{crash};
        CHECK(said->frame_count >= 3);
        CHECK(said->first_address == said->instruction);
        CHECK(std::string_view{said->first_module.data()}.find("os_death") != std::string::npos);
        CHECK(said->first_offset != 0);
        CHECK(said->first_offset < said->first_address);
    }

    TEST_CASE("signals that are sent, and abort(), are told as well")
    {
        for (const int number : {SIGBUS, SIGILL, SIGFPE, SIGSYS, SIGXCPU}) {
            const DyingChild child{[number] { ::raise(number); }};
            CHECK(child.signal() == number);
            CHECK(said->crash_count == 1);
            CHECK(said->signal == number);
        }
        const DyingChild child{[] { std::abort(); }};
        CHECK(child.signal() == SIGABRT);
        CHECK(said->crash_count == 1);
        CHECK(said->signal == SIGABRT);
    }

    TEST_CASE("a stack that has overflowed still has last words")
    {
        const DyingChild child{[] { static_cast<void>(overflow(0)); }};
        CHECK(child.signal() == SIGSEGV);
        CHECK(said->crash_count == 1);
    }

    TEST_CASE("exit() is told with its code, _exit() and SIGKILL are not told")
    {
        const DyingChild leaving{[] { std::exit(7); }};
        CHECK(leaving.exit_code() == 7);
        CHECK(said->exit_count == 1);
        CHECK(said->exit_code == 7);
        CHECK(said->crash_count == 0);
        const DyingChild quiet{[] { ::_exit(8); }};
        CHECK(quiet.exit_code() == 8);
        CHECK(said->exit_count == 0);
        const DyingChild killed{[] { ::raise(SIGKILL); }};
        CHECK(killed.signal() == SIGKILL);
        CHECK(said->crash_count == 0);
    }

    TEST_CASE("of two threads that crash at once, one speaks")
    {
        const DyingChild child{[] {
            std::atomic<int> ready{0};
            const auto crash_together = [&ready] {
                const auto stack = os::AlternateStack::for_this_thread();
                ++ready;
                while (ready != 2) {
                }
                crash();
            };
            std::thread other{crash_together};
            crash_together();
            other.join();
        }};
        CHECK(child.signal() == SIGSEGV);
        CHECK(said->crash_count == 1);
    }

    TEST_CASE("the thread is named")
    {
        const DyingChild child{[] {
            std::thread{[] {
                const auto stack = os::AlternateStack::for_this_thread();
                static_cast<void>(!::pthread_setname_np(::pthread_self(), "doomed"));
                crash();
            }}.join();
        }};
        CHECK(std::string_view{said->thread_name.data()} == "doomed");
    }

    TEST_CASE("a handler that was there before is left in its place")
    {
        const DyingChild child{[] {
                                   if (sigsetjmp(recovery, 1) == 0)
                                       crash();
                                   ::_exit(5);
                               },
                               [] { ::signal(SIGSEGV, recover); }};
        CHECK(child.exit_code() == 5);
        CHECK(said->crash_count == 0);
    }

    TEST_CASE("a handler that is installed later takes over, and nothing is told when it recovers")
    {
        const DyingChild child{[] {
            ::signal(SIGSEGV, recover);
            if (sigsetjmp(recovery, 1) == 0)
                crash();
            ::_exit(6);
        }};
        CHECK(child.exit_code() == 6);
        CHECK(said->crash_count == 0);
    }

    TEST_CASE("a later handler that hands on what it does not know lets us speak")
    {
        const DyingChild child{[] {
            struct sigaction action {};
            action.sa_sigaction = hand_on;
            action.sa_flags = SA_SIGINFO | SA_ONSTACK;
            ::sigaction(SIGSEGV, &action, &replaced_action);
            crash();
        }};
        CHECK(child.signal() == SIGSEGV);
        CHECK(said->crash_count == 1);
        CHECK(said->fault_address % 4096 == 16);
    }

    TEST_CASE("a child that the process forks says nothing, whatever it dies of")
    {
        const DyingChild parent{[] {
            for (const bool crashes : {true, false}) {
                const pid_t child = ::fork();
                if (child == 0) {
                    if (crashes)
                        crash();
                    std::exit(3);
                }
                int status = 0;
                ::waitpid(child, &status, 0);
                if (crashes && !(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV))
                    ::_exit(92);
            }
            ::_exit(4);
        }};
        CHECK(parent.exit_code() == 4);
        CHECK(said->crash_count == 0);
        CHECK(said->exit_count == 0);
    }
}
