// SPDX-License-Identifier: MIT

#include "tests/integration/support/running_host.hpp"

#include "rt/os/clock.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#include <array>
#include <csignal>

namespace outboard::test {

namespace {

constexpr int limit_ms = 10'000;
constexpr std::uint64_t limit_ns = std::uint64_t{limit_ms} * 1'000'000;

/// One line from a pipe; empty when none came in time.
[[nodiscard]] std::string read_line(int handle)
{
    std::string line;
    pollfd entry{.fd = handle, .events = POLLIN, .revents = 0};
    char character = 0;
    while (::poll(&entry, 1, limit_ms) == 1 && ::read(handle, &character, 1) == 1) {
        if (character == '\n')
            return line;
        line += character;
    }
    return {};
}

}  // namespace

RunningHost start_host(const std::vector<std::string>& arguments)
{
    std::array<int, 2> ends{-1, -1};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    const rt::os::UniqueHandle read_end{ends[0]};
    rt::os::UniqueHandle write_end{ends[1]};
    rt::os::SpawnOptions options;
    options.executable = OB_PLAIN_HOST;
    options.arguments = arguments;
    options.inherited_handle = write_end.get();
    auto child = rt::os::spawn(options);
    REQUIRE(child);
    write_end.reset();
    const std::string line = read_line(read_end.get());
    REQUIRE_FALSE(line.empty());
    auto service = rt::os::open_process(std::stoi(line));
    REQUIRE(service);
    return {std::move(*child), std::move(*service)};
}

std::uint64_t kill_host(const RunningHost& host)
{
    const std::uint64_t killed_ns = rt::os::monotonic_ns();
    REQUIRE(rt::os::send_signal(host.process.handle, SIGKILL));
    pollfd entry{.fd = host.service.get(), .events = POLLIN, .revents = 0};
    CHECK(::poll(&entry, 1, limit_ms) == 1);
    const std::uint64_t gone_ns = rt::os::monotonic_ns();
    CHECK(rt::os::reap(host.process.handle, gone_ns + limit_ns));
    return gone_ns - killed_ns;
}

void kill_host_only(const RunningHost& host)
{
    REQUIRE(rt::os::send_signal(host.process.handle, SIGKILL));
    CHECK(rt::os::reap(host.process.handle, rt::os::monotonic_ns() + limit_ns));
}

}  // namespace outboard::test
