// SPDX-License-Identifier: MIT

#include "rt/os/program.hpp"

#include "rt/os/clock.hpp"
#include "rt/os/poll.hpp"
#include "rt/os/signals.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <csignal>
#include <filesystem>
#include <string>

namespace os = outboard::rt::os;
using outboard::rt::ErrorCode;

namespace {

/// Runs `action` in a child process. @return its exit code, or minus the signal that ended it
template <typename Action>
int in_child(Action&& action)
{
    const pid_t child = ::fork();
    if (child == 0)
        ::_exit(action());
    REQUIRE(child > 0);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace

TEST_SUITE("rt/os_program")
{
    TEST_CASE("the path of this program leads to this program")
    {
        const auto path = os::executable_path();
        REQUIRE(path);
        CHECK(std::filesystem::equivalent(*path, "/proc/self/exe"));
        CHECK(os::is_executable_file(*path));
    }

    TEST_CASE("only a file that may be run is an executable file")
    {
        CHECK(os::is_executable_file("/bin/sh"));
        CHECK(!os::is_executable_file("/tmp"));
        CHECK(!os::is_executable_file("/proc/version"));
        CHECK(!os::is_executable_file("/nonexistent/for/sure"));
        CHECK(!os::is_executable_file(""));
    }

    TEST_CASE("an inherited handle is taken once and not passed on")
    {
        std::array<int, 2> ends{};
        REQUIRE(::pipe(ends.data()) == 0);
        ::close(ends[0]);
        {
            const auto handle = os::take_inherited_handle(ends[1]);
            REQUIRE(handle);
            CHECK(handle->get() == ends[1]);
            CHECK((::fcntl(ends[1], F_GETFD) & FD_CLOEXEC) != 0);
        }
        const auto closed = os::take_inherited_handle(ends[1]);
        REQUIRE(!closed);
        CHECK(closed.error().code == ErrorCode::not_found);
    }

    TEST_CASE("a process can become another program, with its arguments")
    {
        const int code = in_child([] {
            std::string script = "exit 42";
            std::string shell = "sh";
            std::string option = "-c";
            std::array<char*, 4> arguments{shell.data(), option.data(), script.data(), nullptr};
            static_cast<void>(os::replace_process("/bin/sh", arguments.data()));
            return 1;
        });
        CHECK(code == 42);
    }

    TEST_CASE("a program that is not there is an error, and this one goes on")
    {
        std::string name = "nobody";
        std::array<char*, 2> arguments{name.data(), nullptr};
        const auto error = os::replace_process("/nonexistent/for/sure", arguments.data());
        CHECK(error.code == ErrorCode::not_found);
    }
}

TEST_SUITE("rt/os_signals")
{
    TEST_CASE("a request to end makes the handle readable and does not end the process")
    {
        for (const int signal_number : {SIGTERM, SIGINT, SIGHUP}) {
            const int code = in_child([signal_number] {
                const auto handle = os::redirect_termination();
                if (!handle)
                    return 1;
                ::kill(::getpid(), signal_number);
                os::PollEntry entry{.handle = handle->get()};
                const auto ready =
                    os::wait_readable({&entry, 1}, os::monotonic_ns() + 10'000'000'000);
                return ready && *ready == 1 ? 0 : 2;
            });
            CHECK(code == 0);
        }
    }

    TEST_CASE("what is typed at the terminal does not end a bound process, SIGTERM does")
    {
        for (const int signal_number : {SIGINT, SIGQUIT, SIGHUP, SIGPIPE}) {
            const int code = in_child([signal_number] {
                os::ignore_terminal_signals();
                ::kill(::getpid(), signal_number);
                return 0;
            });
            CHECK(code == 0);
        }
        const int code = in_child([] {
            static_cast<void>(std::signal(SIGTERM, SIG_DFL));  // the test framework has a handler
            os::ignore_terminal_signals();
            ::kill(::getpid(), SIGTERM);
            return 0;
        });
        CHECK(code == -SIGTERM);
    }
}
