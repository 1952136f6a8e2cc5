// SPDX-License-Identifier: MIT
//
// Handles of threads: newer than the C library's headers, so what they need is written out here.

#include "rt/os/clock.hpp"
#include "rt/os/linux/errors.hpp"
#include "rt/os/process.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <thread>

namespace outboard::rt::os {
namespace {

constexpr unsigned int flag_of_thread = O_EXCL;   // PIDFD_THREAD, Linux 6.9
constexpr std::uint64_t mask_of_exit = 1U << 3U;  // PIDFD_INFO_EXIT, Linux 6.15
constexpr std::uint64_t look_pause_ns = 20'000;
constexpr int looks_max = 3;

/// The kernel's struct pidfd_info, as far as it goes up to the exit code.
struct HandleInfo {
    std::uint64_t mask;
    std::uint64_t cgroup_id;
    std::array<std::uint32_t, 11> ids;
    std::int32_t exit_code;  // as of wait()
};
static_assert(sizeof(HandleInfo) == 64);

[[nodiscard]] Result<UniqueHandle> open_handle(std::int32_t thread_id) noexcept
{
    UniqueHandle thread{static_cast<int>(::syscall(SYS_pidfd_open, thread_id, flag_of_thread))};
    if (!thread.is_open())
        return system_error("pidfd_open of a thread");
    return thread;
}

[[nodiscard]] bool read_exit(const UniqueHandle& thread, HandleInfo& info) noexcept
{
    info = {};
    info.mask = mask_of_exit;
    return ::ioctl(thread.get(), _IOWR(0xff, 11, HandleInfo), &info) == 0 &&
           (info.mask & mask_of_exit) != 0;
}

/// Tried with a thread of our own, because handles of living threads do not say.
[[nodiscard]] bool probe() noexcept
{
    std::atomic<std::int32_t> thread_id{0};
    std::atomic<bool> may_end{false};
    std::thread probed{[&] {
        thread_id.store(::gettid(), std::memory_order_release);
        while (!may_end.load(std::memory_order_acquire))
            sleep_until_ns(monotonic_ns() + look_pause_ns);
    }};
    while (thread_id.load(std::memory_order_acquire) == 0)
        sleep_until_ns(monotonic_ns() + look_pause_ns);
    const auto handle = open_handle(thread_id.load(std::memory_order_acquire));
    may_end.store(true, std::memory_order_release);
    probed.join();
    return handle && thread_exit_status(*handle).kind != ExitKind::unknown;
}

[[nodiscard]] bool can_tell_exits() noexcept
{
    try {
        static const bool can = probe();
        return can;
    } catch (...) {
        return false;  // no room for a thread: then not now
    }
}

}  // namespace

Result<UniqueHandle> open_thread(std::int32_t process_id, std::int32_t thread_id) noexcept
{
    if (!can_tell_exits())
        return fail(ErrorCode::unsupported, "handles of threads");
    auto thread = open_handle(thread_id);
    if (!thread)
        return tl::unexpected(thread.error());
    // After it, so that the number cannot have come to mean another thread in between.
    std::array<char, 48> path{};
    static_cast<void>(
        std::snprintf(path.data(), path.size(), "/proc/%d/task/%d", process_id, thread_id));
    if (::access(path.data(), F_OK) != 0)
        return system_error("look for a thread of a process");
    return thread;
}

ExitStatus thread_exit_status(const UniqueHandle& thread) noexcept
{
    // The handle becomes readable a moment before the kernel has noted how the thread ended; and we
    // may be in the way of the CPU that is to do it.
    HandleInfo info{};
    for (int look = 0; !read_exit(thread, info); ++look) {
        if (look == looks_max)
            return {};
        sleep_until_ns(monotonic_ns() + look_pause_ns);
    }
    if (WIFSIGNALED(info.exit_code))
        return {ExitKind::signalled, WTERMSIG(info.exit_code)};
    return {ExitKind::exited, WEXITSTATUS(info.exit_code)};
}

}  // namespace outboard::rt::os
