// SPDX-License-Identifier: MIT
//
// Children are shell scripts, which tell by their exit code what they found.

#include "rt/os/clock.hpp"
#include "rt/os/poll.hpp"
#include "rt/os/process.hpp"
#include "rt/os/scheduling.hpp"
#include "tests/support/skip.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace outboard::rt;
using os::ExitKind;

constexpr std::uint64_t limit_ns = 20'000'000'000;

/// Exits with the number of the first descriptor from 4 on that it has, else 0.
constexpr const char* look_for_handles =
    "n=4; while [ $n -lt 200 ]; do [ -e /proc/self/fd/$n ] && exit $n; n=$((n+1)); done; exit 0";

[[nodiscard]] os::SpawnOptions shell(const std::string& script)
{
    return {.executable = "/bin/sh", .arguments = {"-c", script}};
}

[[nodiscard]] os::ExitStatus end_of(const os::ChildProcess& child)
{
    const auto status = os::reap(child.handle, os::monotonic_ns() + limit_ns);
    REQUIRE(status);
    return *status;
}

[[nodiscard]] os::ExitStatus run(const os::SpawnOptions& options)
{
    const auto child = os::spawn(options);
    REQUIRE(child);
    return end_of(*child);
}

void check_exit(const os::ExitStatus& status, ExitKind kind, int value)
{
    CHECK(status.kind == kind);
    CHECK(status.value == value);
}

[[nodiscard]] std::ptrdiff_t open_handle_count()
{
    using Iterator = std::filesystem::directory_iterator;
    return std::distance(Iterator{"/proc/self/fd"}, Iterator{});
}

struct Pipe {
    Pipe()
    {
        std::array<int, 2> ends{-1, -1};
        REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
        read_end.reset(ends[0]);
        write_end.reset(ends[1]);
    }

    /// What was written, until every writer has closed its end.
    [[nodiscard]] std::string read_all()
    {
        write_end.reset();
        std::string text;
        std::array<char, 256> part{};
        ssize_t length = 0;
        while ((length = ::read(read_end.get(), part.data(), part.size())) > 0)
            text.append(part.data(), static_cast<std::size_t>(length));
        return text;
    }

    os::UniqueHandle read_end;
    os::UniqueHandle write_end;
};

/// For its lifetime, descriptor `number` is a copy of `handle`, or closed for -1.
class PlacedHandle {
public:
    PlacedHandle(int number, int handle)
        : number_(number),
          before_(::fcntl(number, F_DUPFD_CLOEXEC, 100))
    {
        if (handle >= 0) {
            ::dup3(handle, number, O_CLOEXEC);
        } else {
            ::close(number);
        }
    }
    ~PlacedHandle()
    {
        if (before_.is_open()) {
            ::dup2(before_.get(), number_);
        } else {
            ::close(number_);
        }
    }
    PlacedHandle(const PlacedHandle&) = delete;
    PlacedHandle(PlacedHandle&&) = delete;
    PlacedHandle& operator=(const PlacedHandle&) = delete;
    PlacedHandle& operator=(PlacedHandle&&) = delete;

private:
    int number_;
    os::UniqueHandle before_;
};

}  // namespace

TEST_SUITE("rt/os_process")
{
    TEST_CASE("an exit code comes back, with the arguments that led to it")
    {
        check_exit(run(shell("exit 0")), ExitKind::exited, 0);
        check_exit(run(shell("exit 42")), ExitKind::exited, 42);
        auto options = shell("exit $#");
        options.arguments.insert(options.arguments.end(), {"name", "one", "two three", ""});
        check_exit(run(options), ExitKind::exited, 3);
    }

    TEST_CASE("the end by a signal is told from an exit")
    {
        check_exit(run(shell("kill -SEGV $$")), ExitKind::signalled, SIGSEGV);
        const auto child = os::spawn({.executable = "/bin/sleep", .arguments = {"30"}});
        REQUIRE(child);
        CHECK(os::reap(child->handle, os::monotonic_ns()).error().code == ErrorCode::timed_out);
        REQUIRE(os::send_signal(child->handle, SIGTERM));
        check_exit(end_of(*child), ExitKind::signalled, SIGTERM);
        CHECK(os::send_signal(child->handle, SIGTERM));  // gone: no error
    }

    TEST_CASE("how a child ended can be asked before it is reaped, and as often as one likes")
    {
        const auto child = os::spawn(shell("exit 7"));
        REQUIRE(child);
        os::PollEntry entry{.handle = child->handle.get()};
        REQUIRE(os::wait_readable({&entry, 1}, os::monotonic_ns() + 5'000'000'000) == 1);
        check_exit(os::exit_status(child->handle), ExitKind::exited, 7);
        check_exit(os::exit_status(child->handle), ExitKind::exited, 7);
        check_exit(end_of(*child), ExitKind::exited, 7);
        CHECK(os::exit_status(child->handle).kind == ExitKind::unknown);
    }

    TEST_CASE("what cannot be executed is reported by spawn itself, and nothing is left behind")
    {
        const auto handles_before = open_handle_count();
        const auto code_for = [](const char* path) {
            const auto child = os::spawn({.executable = path});
            REQUIRE_FALSE(child);
            return child.error().code;
        };
        CHECK(code_for("/nowhere/outboard-service") == ErrorCode::not_found);
        CHECK(code_for("/etc/passwd/outboard-service") == ErrorCode::not_found);
        CHECK(code_for("") == ErrorCode::not_found);
        CHECK(code_for("/etc/passwd") == ErrorCode::no_permission);
        CHECK(code_for("/tmp") == ErrorCode::no_permission);

        CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
        CHECK(errno == ECHILD);
        CHECK(open_handle_count() == handles_before);
    }

    TEST_CASE("handles that do not exist are reported, not passed over")
    {
        auto options = shell("exit 0");
        SUBCASE("inherited")
        {
            options.inherited_handle = 199;
        }
        SUBCASE("error output")
        {
            options.error_output_handle = 199;
        }
        CHECK_FALSE(os::spawn(options));
    }

    TEST_CASE(
        "a child has descriptor 3 if it is given one, and none above, whatever the host opened")
    {
        const PlacedHandle leaky{150, STDERR_FILENO};
        REQUIRE(::fcntl(150, F_SETFD, 0) == 0);  // not close-on-exec
        auto options = shell(look_for_handles);
        SUBCASE("given")
        {
            options.inherited_handle = STDERR_FILENO;
            options.arguments[1].insert(0, "[ -e /proc/self/fd/3 ] || exit 1; ");
        }
        SUBCASE("not given")
        {
            options.arguments[1].insert(0, "[ -e /proc/self/fd/3 ] && exit 3; ");
        }
        check_exit(run(options), ExitKind::exited, 0);
    }

    TEST_CASE("the inherited handle and error output arrive where they belong, from any number")
    {
        Pipe inherited;
        Pipe error_output;
        auto options = shell("echo inherited >&3; echo error >&2");
        options.inherited_handle = inherited.write_end.get();
        options.error_output_handle = error_output.write_end.get();
        const auto run_with = [&](int number, int handle) {
            const PlacedHandle placed{number, handle};
            return run(options);
        };
        SUBCASE("both above 3")
        {
            check_exit(run(options), ExitKind::exited, 0);
        }
        SUBCASE("inherited is 3 already")
        {
            options.inherited_handle = 3;
            check_exit(run_with(3, inherited.write_end.get()), ExitKind::exited, 0);
        }
        SUBCASE("inherited is 0")
        {
            options.inherited_handle = 0;
            check_exit(run_with(0, inherited.write_end.get()), ExitKind::exited, 0);
        }
        SUBCASE("error output is 3")
        {
            options.error_output_handle = 3;
            check_exit(run_with(3, error_output.write_end.get()), ExitKind::exited, 0);
        }
        CHECK(inherited.read_all() == "inherited\n");
        CHECK(error_output.read_all() == "error\n");
    }

    TEST_CASE("standard input is empty, and output never goes to whatever was opened first")
    {
        check_exit(run(shell("read line; exit $?")), ExitKind::exited, 1);
        const PlacedHandle closed{STDOUT_FILENO, -1};
        check_exit(run(shell("[ /proc/self/fd/1 -ef /dev/null ]")), ExitKind::exited, 0);
    }

    TEST_CASE("variables are added to the parent's, or replace them")
    {
        // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread runs
        REQUIRE(::setenv("OUTBOARD_TEST_REPLACED", "parent", 1) == 0);
        auto options = shell(R"([ "$OUTBOARD_TEST_REPLACED$OUTBOARD_TEST_ADDED$PATH" = ab$1 ])");
        options.arguments.emplace_back("name");
        // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread runs
        options.arguments.emplace_back(::getenv("PATH"));
        options.environment = {"OUTBOARD_TEST_REPLACED=a", "OUTBOARD_TEST_ADDED=b"};
        check_exit(run(options), ExitKind::exited, 0);
    }

    TEST_CASE("signals that the parent ignores or blocks work in the child")
    {
        struct sigaction before {};
        struct sigaction ignore {};
        ignore.sa_handler = SIG_IGN;
        REQUIRE(::sigaction(SIGUSR1, &ignore, &before) == 0);
        sigset_t blocked;
        sigset_t mask_before;
        ::sigemptyset(&blocked);
        ::sigaddset(&blocked, SIGUSR2);
        REQUIRE(::pthread_sigmask(SIG_BLOCK, &blocked, &mask_before) == 0);

        check_exit(run(shell("kill -USR1 $$")), ExitKind::signalled, SIGUSR1);
        check_exit(run(shell("kill -USR2 $$")), ExitKind::signalled, SIGUSR2);

        sigset_t mask_after;
        ::pthread_sigmask(SIG_SETMASK, &mask_before, &mask_after);
        CHECK(::sigismember(&mask_after, SIGUSR2) == 1);  // and the parent's are as they were
        CHECK(::sigismember(&mask_after, SIGUSR1) == 0);
        ::sigaction(SIGUSR1, &before, &ignore);
        CHECK((ignore.sa_handler == SIG_IGN));
    }

    TEST_CASE("a real-time, pinned thread has ordinary children that may run anywhere")
    {
        const auto cpus = os::thread_cpus(0);
        REQUIRE(cpus);
        Result<void> fifo;
        os::ExitStatus policy;
        os::ExitStatus cpu_count;
        std::thread parent{[&] {
            REQUIRE(os::set_thread_cpus(0, {cpus->front()}));
            fifo = os::set_fifo(0, 1);
            policy = run(shell("exit $(cut -d' ' -f41 /proc/self/stat)"));
            cpu_count = run(shell("unset OMP_NUM_THREADS OMP_THREAD_LIMIT; exit $(nproc)"));
        }};
        parent.join();
        check_exit(policy, ExitKind::exited, 0);
        check_exit(cpu_count, ExitKind::exited, static_cast<int>(cpus->size()));
        if (!fifo)
            outboard::test::skip("no right to SCHED_FIFO: only the CPUs were looked at");
    }

    TEST_CASE("children are killed when the thread that started them ends")
    {
        os::ChildProcess child;
        std::thread parent{[&] {
            auto started = os::spawn({.executable = "/bin/sleep", .arguments = {"30"}});
            if (started)
                child = *std::move(started);
        }};
        parent.join();
        REQUIRE(child.handle.is_open());
        check_exit(end_of(child), ExitKind::signalled, SIGKILL);
    }

    TEST_CASE("threads that start children at once do not leak handles into them")
    {
        constexpr int thread_count = 4;
        constexpr int child_count = 5;
        std::array<int, thread_count> clean_count{};
        std::vector<std::thread> threads;
        threads.reserve(thread_count);
        for (int& clean : clean_count) {
            threads.emplace_back([&clean] {
                auto options = shell(look_for_handles);
                options.inherited_handle = STDERR_FILENO;
                for (int i = 0; i < child_count; ++i)
                    clean += run(options).value == 0 ? 1 : 0;
            });
        }
        for (std::thread& thread : threads)
            thread.join();
        for (const int clean : clean_count)
            CHECK(clean == child_count);
    }

    TEST_CASE("in a host that ignores SIGCHLD the end is seen, if not how")
    {
        struct sigaction before {};
        struct sigaction ignore {};
        ignore.sa_handler = SIG_IGN;
        REQUIRE(::sigaction(SIGCHLD, &ignore, &before) == 0);
        const auto ended = run(shell("exit 3"));
        const auto failed = os::spawn({.executable = "/nowhere/outboard-service"});
        ::sigaction(SIGCHLD, &before, nullptr);
        CHECK(ended.kind == ExitKind::unknown);
        CHECK(failed.error().code == ErrorCode::not_found);
    }

    TEST_CASE(
        "a process that is not our child can be watched, but its exit code stays its parent's")
    {
        const auto child = os::spawn({.executable = "/bin/sleep", .arguments = {"30"}});
        REQUIRE(child);
        const auto watched = os::open_process(child->process_id);
        REQUIRE(watched);
        REQUIRE(os::send_signal(*watched, SIGKILL));
        check_exit(end_of(*child), ExitKind::signalled, SIGKILL);
        const auto status = os::reap(*watched, os::monotonic_ns() + limit_ns);
        REQUIRE(status);
        CHECK(status->kind == ExitKind::unknown);

        constexpr std::int32_t above_all_ids = (1 << 22) + 1;
        CHECK(os::open_process(above_all_ids).error().code == ErrorCode::not_found);
    }

    TEST_CASE("a child learns whether its parent is still there")
    {
        const std::int32_t parent = os::current_process_id();
        const pid_t child = ::fork();
        if (child == 0) {
            const bool wrongly_gone = os::bind_life_to_parent(parent);
            const bool gone = os::bind_life_to_parent(parent + 1);
            ::_exit(!wrongly_gone && gone ? 0 : 1);
        }
        REQUIRE(child > 0);
        int status = -1;
        REQUIRE(::waitpid(child, &status, 0) == child);
        CHECK(status == 0);
    }
    TEST_CASE("a thread of another process can be watched, and tells how it ended")
    {
        Pipe pipe;
        const pid_t child = ::fork();
        if (child == 0) {
            std::thread{[&pipe] {
                const std::int32_t thread_id = ::gettid();
                static_cast<void>(!::write(pipe.write_end.get(), &thread_id, sizeof thread_id));
                ::pause();
            }}.join();
            ::_exit(0);
        }
        std::int32_t thread_id = 0;
        REQUIRE(::read(pipe.read_end.get(), &thread_id, sizeof thread_id) == sizeof thread_id);
        CHECK(!os::open_thread(::getpid(), thread_id));  // it is none of this process
        const auto thread = os::open_thread(child, thread_id);
        const bool is_old_kernel =
            !thread && thread.error().code == outboard::rt::ErrorCode::unsupported;
        if (!is_old_kernel) {
            REQUIRE(thread);
            CHECK(os::thread_exit_status(*thread).kind == ExitKind::unknown);
        }
        ::kill(child, SIGKILL);
        if (!is_old_kernel) {
            os::PollEntry entry{.handle = thread->get()};
            const auto ready = os::wait_readable({&entry, 1}, os::monotonic_ns() + limit_ns);
            CHECK((ready && *ready == 1));
            check_exit(os::thread_exit_status(*thread), ExitKind::signalled, SIGKILL);
        }
        ::waitpid(child, nullptr, 0);
        if (is_old_kernel)
            outboard::test::skip("handles of threads tell how they ended since Linux 6.15");
    }
}
