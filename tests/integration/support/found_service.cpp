// SPDX-License-Identifier: MIT

#include "tests/integration/support/found_service.hpp"

#include "rt/os/clock.hpp"
#include "rt/os/socket.hpp"
#include "sdk/src/registry/registry.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#include <array>
#include <csignal>
#include <thread>

namespace outboard::test {

namespace {

[[nodiscard]] std::uint64_t deadline_ns(std::chrono::milliseconds limit)
{
    return rt::os::monotonic_ns() +
           static_cast<std::uint64_t>(std::chrono::nanoseconds{limit}.count());
}

[[nodiscard]] std::string read_all(int handle)
{
    std::string text;
    std::array<char, 512> part{};
    for (ssize_t size = 0; (size = ::read(handle, part.data(), part.size())) > 0;)
        text.append(part.data(), static_cast<std::size_t>(size));
    return text;
}

}  // namespace

FoundService::FoundService(const std::string& executable, const std::string& name,
                           const std::vector<std::string>& environment)
    : name_(name)
{
    std::array<int, 2> ends{-1, -1};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0);
    error_output_.reset(ends[0]);
    const rt::os::UniqueHandle write_end{ends[1]};
    rt::os::SpawnOptions options;
    options.executable = executable;
    options.arguments = {"--name", name};
    options.environment = environment;
    options.error_output_handle = write_end.get();
    auto child = rt::os::spawn(options);
    REQUIRE(child);
    child_ = std::move(*child);
}

FoundService::~FoundService()
{
    if (has_ended_)
        return;
    signal(SIGKILL);
    static_cast<void>(wait());
}

bool FoundService::wait_until_found(std::chrono::milliseconds limit)
{
    const std::uint64_t give_up_ns = deadline_ns(limit);
    const auto path = registry::socket_path(name_);
    while (path && is_running() && rt::os::monotonic_ns() < give_up_ns) {
        if (rt::os::connect_to(*path))
            return true;
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    return false;
}

void FoundService::signal(int number) const
{
    REQUIRE(rt::os::send_signal(child_.handle, number));
}

rt::os::ExitStatus FoundService::wait(std::chrono::milliseconds limit)
{
    const auto status = rt::os::reap(child_.handle, deadline_ns(limit));
    has_ended_ = status.has_value();
    said_ += read_all(error_output_.get());
    return status ? *status : rt::os::ExitStatus{};
}

bool FoundService::is_running() const
{
    pollfd entry{.fd = child_.handle.get(), .events = POLLIN, .revents = 0};
    return !has_ended_ && ::poll(&entry, 1, 0) == 0;
}

}  // namespace outboard::test
