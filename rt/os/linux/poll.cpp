// SPDX-License-Identifier: MIT

#include "rt/os/poll.hpp"

#include "rt/os/clock.hpp"
#include "rt/os/futex.hpp"
#include "rt/os/linux/errors.hpp"
#include "rt/os/linux/time_spec.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <cerrno>
#include <memory>
#include <new>

namespace outboard::rt::os {
namespace {

/// ppoll() until an absolute deadline; signals do not end it.
[[nodiscard]] int poll_until(pollfd* entries, std::size_t count, std::uint64_t deadline_ns) noexcept
{
    for (;;) {
        const std::uint64_t now_ns = monotonic_ns();
        const timespec left = to_timespec(deadline_ns > now_ns ? deadline_ns - now_ns : 0);
        const int ready =
            ::ppoll(entries, count, deadline_ns == no_deadline_ns ? nullptr : &left, nullptr);
        if (ready >= 0 || errno != EINTR)
            return ready;
    }
}

}  // namespace

Result<int> wait_readable(std::span<PollEntry> entries, std::uint64_t deadline_ns) noexcept
{
    const std::unique_ptr<pollfd[]> polled{new (std::nothrow) pollfd[entries.size()]};
    if (!polled)
        return fail(ErrorCode::no_memory, "list of handles to wait for");
    for (std::size_t i = 0; i < entries.size(); ++i)
        polled[i] = {.fd = entries[i].handle, .events = POLLIN, .revents = 0};

    const int ready_count = poll_until(polled.get(), entries.size(), deadline_ns);
    if (ready_count < 0)
        return system_error("ppoll");
    for (std::size_t i = 0; i < entries.size(); ++i)
        entries[i].ready = polled[i].revents != 0;
    return ready_count;
}

Result<WakeEvent> WakeEvent::create() noexcept
{
    UniqueHandle handle{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (!handle.is_open())
        return system_error("eventfd");
    return WakeEvent{std::move(handle)};
}

void WakeEvent::signal() const noexcept
{
    // Fails only when the counter is full, and then the handle is readable already.
    [[maybe_unused]] const int result = ::eventfd_write(handle_.get(), 1);
}

void WakeEvent::clear() const noexcept
{
    // Fails only when the counter is 0, and then there is nothing to clear.
    eventfd_t signal_count = 0;
    [[maybe_unused]] const int result = ::eventfd_read(handle_.get(), &signal_count);
}

}  // namespace outboard::rt::os
