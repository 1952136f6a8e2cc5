// SPDX-License-Identifier: MIT
//
// RealtimeKit: a system service that gives real-time scheduling to processes of ordinary users, in
// exchange for a limit on how long they may run without sleeping.

#include "rt/os/linux/errors.hpp"
#include "rt/os/scheduling.hpp"

#if OB_WITH_RTKIT

#  include <sys/resource.h>
#  include <systemd/sd-bus.h>
#  include <unistd.h>
#  include <algorithm>
#  include <memory>

namespace outboard::rt::os {
namespace {

constexpr const char* service = "org.freedesktop.RealtimeKit1";
constexpr const char* object = "/org/freedesktop/RealtimeKit1";

/// Of each of the three calls that a request takes, so that all end within a second.
constexpr std::uint64_t call_timeout_us = 300'000;

struct BusCloser {
    void operator()(sd_bus* bus) const noexcept { sd_bus_flush_close_unref(bus); }
};
using Bus = std::unique_ptr<sd_bus, BusCloser>;

/// What a call left behind about its failure.
class BusError {
public:
    BusError() noexcept = default;
    BusError(const BusError&) = delete;
    BusError(BusError&&) = delete;
    BusError& operator=(const BusError&) = delete;
    BusError& operator=(BusError&&) = delete;
    ~BusError() { sd_bus_error_free(&error_); }

    [[nodiscard]] sd_bus_error* get() noexcept { return &error_; }
    [[nodiscard]] bool is_missing_service() const noexcept
    {
        return sd_bus_error_has_names(&error_, SD_BUS_ERROR_SERVICE_UNKNOWN,
                                      SD_BUS_ERROR_NAME_HAS_NO_OWNER,
                                      "org.freedesktop.DBus.Error.Spawn.ChildExited",
                                      "org.freedesktop.DBus.Error.Spawn.ExecFailed",
                                      "org.freedesktop.systemd1.NoSuchUnit") > 0;
    }

private:
    sd_bus_error error_{};  // SD_BUS_ERROR_NULL, which is no C++
};

[[nodiscard]] tl::unexpected<Error> bus_error(const BusError& error, int result,
                                              const char* operation) noexcept
{
    if (error.is_missing_service())
        return tl::unexpected(Error{ErrorCode::not_found, -result, operation});
    return system_error(operation, -result);
}

[[nodiscard]] Result<Bus> open_bus() noexcept
{
    sd_bus* opened = nullptr;
    const int result = sd_bus_open_system(&opened);
    Bus bus{opened};
    if (result < 0)
        return system_error("connect to the system D-Bus", -result);
    const int limited = sd_bus_set_method_call_timeout(bus.get(), call_timeout_us);
    if (limited < 0)
        return system_error("limit of D-Bus calls", -limited);
    return bus;
}

[[nodiscard]] Result<int> priority_granted(const Bus& bus) noexcept
{
    BusError error;
    int priority = 0;
    const int result = sd_bus_get_property_trivial(
        bus.get(), service, object, service, "MaxRealtimePriority", error.get(), 'i', &priority);
    if (result < 0)
        return bus_error(error, result, "RealtimeKit MaxRealtimePriority");
    return priority;
}

/// RealtimeKit refuses processes that could run for longer than this without sleeping.
[[nodiscard]] Result<void> limit_run_time(const Bus& bus) noexcept
{
    BusError error;
    std::int64_t longest_us = 0;
    const int result = sd_bus_get_property_trivial(bus.get(), service, object, service,
                                                   "RTTimeUSecMax", error.get(), 'x', &longest_us);
    if (result < 0)
        return bus_error(error, result, "RealtimeKit RTTimeUSecMax");
    if (longest_us <= 0)
        return fail(ErrorCode::protocol, "RealtimeKit RTTimeUSecMax");

    rlimit limit{};
    if (::getrlimit(RLIMIT_RTTIME, &limit) != 0)
        return system_error("getrlimit RLIMIT_RTTIME");
    limit.rlim_max = std::min(limit.rlim_max, static_cast<rlim_t>(longest_us));
    // Below the hard limit, at which the kernel kills: so SIGXCPU comes first and can be handled.
    limit.rlim_cur = std::min(limit.rlim_cur, limit.rlim_max / 4 * 3);
    if (::setrlimit(RLIMIT_RTTIME, &limit) != 0)
        return system_error("setrlimit RLIMIT_RTTIME");
    return {};
}

[[nodiscard]] Result<void> make_real_time(const Bus& bus, ThreadId thread, int priority) noexcept
{
    BusError error;
    const auto thread_argument = static_cast<std::uint64_t>(thread);
    const auto priority_argument = static_cast<std::uint32_t>(priority);
    const int result =
        sd_bus_call_method(bus.get(), service, object, service, "MakeThreadRealtime", error.get(),
                           nullptr, "tu", thread_argument, priority_argument);
    if (result < 0)
        return bus_error(error, result, "RealtimeKit MakeThreadRealtime");
    return {};
}

}  // namespace

Result<int> request_realtime_kit(ThreadId thread, int priority) noexcept
{
    if (priority < 1)
        return fail(ErrorCode::invalid_argument, "real-time priority");
    const auto bus = open_bus();
    if (!bus)
        return tl::unexpected(bus.error());
    const auto highest = priority_granted(*bus);
    if (!highest)
        return highest;
    if (const auto limited = limit_run_time(*bus); !limited)
        return tl::unexpected(limited.error());

    const int granted = std::min(priority, *highest);
    const ThreadId target = thread == 0 ? current_thread_id() : thread;
    if (const auto made = make_real_time(*bus, target, granted); !made)
        return tl::unexpected(made.error());
    return granted;
}

Result<int> realtime_kit_priority_limit() noexcept
{
    const auto bus = open_bus();
    if (!bus)
        return tl::unexpected(bus.error());
    return priority_granted(*bus);
}

}  // namespace outboard::rt::os

#else

namespace outboard::rt::os {

Result<int> request_realtime_kit(ThreadId /*thread*/, int /*priority*/) noexcept
{
    return fail(ErrorCode::unsupported, "RealtimeKit (built without D-Bus)");
}

Result<int> realtime_kit_priority_limit() noexcept
{
    return fail(ErrorCode::unsupported, "RealtimeKit (built without D-Bus)");
}

}  // namespace outboard::rt::os

#endif
