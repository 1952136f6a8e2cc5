// SPDX-License-Identifier: MIT
//
// A host without any rights: no real-time priority, 64 KiB of locked memory, no D-Bus. It works,
// and says what it did not get and what would help.

#include "tests/integration/support/one_insert.hpp"
#include "tests/support/skip.hpp"

#include <doctest/doctest.h>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>

using namespace outboard;

namespace {

constexpr uid_t nobody = 65534;

void set_limit(__rlimit_resource resource, rlim_t value)
{
    const rlimit limit{.rlim_cur = value, .rlim_max = value};
    REQUIRE(::setrlimit(resource, &limit) == 0);
}

/// Gives up all rights, for good.
void become_ordinary()
{
    set_limit(RLIMIT_RTPRIO, 0);
    set_limit(RLIMIT_NICE, 0);
    set_limit(RLIMIT_MEMLOCK, rlim_t{64} * 1024);
    ::setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere", 1);
    if (::getuid() == 0) {
        REQUIRE(::setresgid(nobody, nobody, nobody) == 0);
        REQUIRE(::setresuid(nobody, nobody, nobody) == 0);
    }
}

/// What `check` says in a child without rights.
[[nodiscard]] bool holds_for_ordinary_user(const std::function<bool()>& check)
{
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        become_ordinary();
        std::_Exit(check() ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}

[[nodiscard]] bool says(const char* text, const char* part)
{
    const bool found = std::string{text}.find(part) != std::string::npos;
    if (!found)
        static_cast<void>(std::fprintf(stderr, "'%s' does not say '%s'\n", text, part));
    return found;
}

[[nodiscard]] bool streams_and_says_what_is_missing()
{
    HostConfig host_config;
    host_config.supervisor_priority = 79;
    const Host host{host_config};
    CallerConfig caller_config;
    caller_config.realtime_priority = 80;
    const Caller caller{host, caller_config};
    InsertConfig config;
    config.service = "gain";
    const Insert insert{caller, config};

    ob_realtime_grant supervisor{};
    check(ob_host_realtime(host.get(), &supervisor, nullptr));
    ob_realtime_grant own{};
    check(ob_thread_make_realtime(80, -1, &own));
    const ob_realtime_grant dsp = insert.status().dsp_thread;
    bool is_right = true;
    for (const auto& grant : {supervisor, own, dsp}) {
        is_right &= grant.step == OB_REALTIME_NONE || grant.step == OB_REALTIME_NICE;
        is_right &= says(grant.description, "RLIMIT_RTPRIO");
        is_right &= says(grant.description, "limits.d");
    }
    return is_right;
}

[[nodiscard]] bool streams()
{
    test::OneInsert stream{"gain"};
    return stream.process_until_wet() && stream.is_output_input();
}

[[nodiscard]] bool runs_without_exception(bool (*action)())
{
    try {
        return action();
    } catch (const Error& error) {
        static_cast<void>(std::fprintf(stderr, "%s\n", error.what()));
        return false;
    }
}

[[nodiscard]] bool others_may_run(const char* executable)
{
    return holds_for_ordinary_user([executable] { return ::access(executable, X_OK) == 0; });
}

}  // namespace

TEST_SUITE("integration/ordinary_user")
{
    TEST_CASE("audio streams without any rights")
    {
        if (!others_may_run(OB_BUILTIN))
            return test::skip("the build tree is closed to other users");
        CHECK(holds_for_ordinary_user([] { return runs_without_exception(streams); }));
    }

    TEST_CASE("each thread says that it is not real-time, and the remedy")
    {
        if (!others_may_run(OB_BUILTIN))
            return test::skip("the build tree is closed to other users");
        CHECK(holds_for_ordinary_user(
            [] { return runs_without_exception(streams_and_says_what_is_missing); }));
    }
}
