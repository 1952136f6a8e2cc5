// SPDX-License-Identifier: MIT
//
// What we ask of RealtimeKit, seen by a service in its place on a bus of our own: the real one
// needs a system bus and PolicyKit, which a build machine does not have.

#include "rt/os/clock.hpp"
#include "rt/os/process.hpp"
#include "rt/os/scheduling.hpp"
#include "tests/support/skip.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>

namespace {

using namespace outboard::rt;

constexpr const char* dbus_daemon = "/usr/bin/dbus-daemon";
constexpr const char* service_name = "org.freedesktop.RealtimeKit1";
constexpr std::int64_t longest_run_us = 200'000;
constexpr int highest_priority = 20;
constexpr std::uint64_t limit_ns = 20'000'000'000;

/// A D-Bus daemon of our own on which everything is allowed, made the "system bus" of this process.
class PrivateBus {
public:
    PrivateBus()
    {
        std::string pattern = (std::filesystem::temp_directory_path() / "outboard-XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        folder_ = pattern;
        address_ = "unix:path=" + (folder_ / "bus").string();
        std::ofstream{folder_ / "bus.conf"}
            << "<busconfig><listen>" << address_ << "</listen><auth>EXTERNAL</auth>"
            << "<policy context='default'><allow send_destination='*'/><allow receive_sender='*'/>"
            << "<allow own='*'/><allow user='*'/></policy></busconfig>";
        start();
        // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread runs yet
        REQUIRE(::setenv("DBUS_SYSTEM_BUS_ADDRESS", address_.c_str(), 1) == 0);
    }
    ~PrivateBus()
    {
        [[maybe_unused]] const auto sent = os::send_signal(daemon_.handle, SIGTERM);
        [[maybe_unused]] const auto ended = os::reap(daemon_.handle, os::monotonic_ns() + limit_ns);
        std::filesystem::remove_all(folder_);
    }
    PrivateBus(const PrivateBus&) = delete;
    PrivateBus(PrivateBus&&) = delete;
    PrivateBus& operator=(const PrivateBus&) = delete;
    PrivateBus& operator=(PrivateBus&&) = delete;

private:
    /// Returns when the daemon listens: then it prints its address.
    void start()
    {
        std::array<int, 2> ends{-1, -1};
        REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
        const os::UniqueHandle printed{ends[0]};
        os::UniqueHandle print{ends[1]};
        auto daemon = os::spawn({.executable = dbus_daemon,
                                 .arguments = {"--config-file=" + (folder_ / "bus.conf").string(),
                                               "--nofork", "--print-address=3"},
                                 .inherited_handle = print.get()});
        REQUIRE(daemon);
        daemon_ = *std::move(daemon);
        print.reset();
        char first = 0;
        REQUIRE(::read(printed.get(), &first, 1) == 1);
    }

    std::filesystem::path folder_;
    std::string address_;
    os::ChildProcess daemon_;
};

/// Answers in RealtimeKit's place, on a thread of its own, and remembers what it was asked.
class FakeRealtimeKit {
public:
    explicit FakeRealtimeKit(bool refuses) : refuses_(refuses)
    {
        REQUIRE(sd_bus_open_system(&bus_) >= 0);
        REQUIRE(sd_bus_request_name(bus_, service_name, 0) >= 0);
        REQUIRE(sd_bus_add_object(bus_, nullptr, "/org/freedesktop/RealtimeKit1", on_call, this) >=
                0);
        thread_ = std::thread{[this] { serve(); }};
    }
    ~FakeRealtimeKit()
    {
        ends_.store(true, std::memory_order_relaxed);
        thread_.join();
        sd_bus_flush_close_unref(bus_);
    }
    FakeRealtimeKit(const FakeRealtimeKit&) = delete;
    FakeRealtimeKit(FakeRealtimeKit&&) = delete;
    FakeRealtimeKit& operator=(const FakeRealtimeKit&) = delete;
    FakeRealtimeKit& operator=(FakeRealtimeKit&&) = delete;

    [[nodiscard]] std::uint64_t thread_asked_for() const { return thread_asked_for_.load(); }
    [[nodiscard]] std::uint32_t priority_asked_for() const { return priority_asked_for_.load(); }

private:
    void serve()
    {
        constexpr std::uint64_t look_again_us = 20'000;
        while (!ends_.load(std::memory_order_relaxed)) {
            const int processed = sd_bus_process(bus_, nullptr);
            if (processed < 0)
                return;
            if (processed == 0)
                sd_bus_wait(bus_, look_again_us);
        }
    }

    static int on_call(sd_bus_message* call, void* data, sd_bus_error* error)
    {
        auto& self = *static_cast<FakeRealtimeKit*>(data);
        if (sd_bus_message_is_method_call(call, "org.freedesktop.DBus.Properties", "Get") > 0)
            return answer_property(call);
        if (sd_bus_message_is_method_call(call, service_name, "MakeThreadRealtime") > 0)
            return self.answer_request(call, error);
        return 0;
    }

    static int answer_property(sd_bus_message* call)
    {
        const char* interface = nullptr;
        const char* property = nullptr;
        if (const int result = sd_bus_message_read(call, "ss", &interface, &property); result < 0)
            return result;
        if (std::string_view{property} == "MaxRealtimePriority")
            return sd_bus_reply_method_return(call, "v", "i", highest_priority);
        return sd_bus_reply_method_return(call, "v", "x", longest_run_us);
    }

    int answer_request(sd_bus_message* call, sd_bus_error* error)
    {
        std::uint64_t thread = 0;
        std::uint32_t priority = 0;
        if (const int result = sd_bus_message_read(call, "tu", &thread, &priority); result < 0)
            return result;
        thread_asked_for_.store(thread);
        priority_asked_for_.store(priority);
        if (refuses_)
            return sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED, "not you");
        return sd_bus_reply_method_return(call, nullptr);
    }

    bool refuses_;
    sd_bus* bus_ = nullptr;
    std::thread thread_;
    std::atomic<bool> ends_{false};
    std::atomic<std::uint64_t> thread_asked_for_{0};
    std::atomic<std::uint32_t> priority_asked_for_{0};
};

[[nodiscard]] bool is_daemon_missing()
{
    if (std::filesystem::exists(dbus_daemon))
        return false;
    outboard::test::skip("there is no /usr/bin/dbus-daemon");
    return true;
}

}  // namespace

TEST_SUITE("rt/realtime_kit")
{
    TEST_CASE("without a bus there is no RealtimeKit, and it is said")
    {
        // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread runs
        REQUIRE(::setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere/bus", 1) == 0);
        CHECK(os::request_realtime_kit(0, 10).error().code == ErrorCode::not_found);
    }

    TEST_CASE("a bus without RealtimeKit is told from a refusal")
    {
        if (is_daemon_missing())
            return;
        const PrivateBus bus;
        CHECK(os::request_realtime_kit(0, 10).error().code == ErrorCode::not_found);
    }

    TEST_CASE("the highest priority is told without asking for one")
    {
        if (is_daemon_missing())
            return;
        const PrivateBus bus;
        CHECK(os::realtime_kit_priority_limit().error().code == ErrorCode::not_found);
        const FakeRealtimeKit service{true};
        const auto highest = os::realtime_kit_priority_limit();
        REQUIRE(highest);
        CHECK(*highest == highest_priority);
        CHECK(service.priority_asked_for() == 0);
    }

    TEST_CASE("a refusal is reported")
    {
        if (is_daemon_missing())
            return;
        const PrivateBus bus;
        const FakeRealtimeKit service{true};
        CHECK(os::request_realtime_kit(0, 10).error().code == ErrorCode::no_permission);
        CHECK(service.priority_asked_for() == 10);
    }

    TEST_CASE("a priority above the highest is lowered to it, and the run time is limited first")
    {
        if (is_daemon_missing())
            return;
        const PrivateBus bus;
        const FakeRealtimeKit service{false};
        const auto granted = os::request_realtime_kit(0, 78);
        REQUIRE(granted);
        CHECK(*granted == highest_priority);
        CHECK(service.priority_asked_for() == highest_priority);
        CHECK(service.thread_asked_for() == static_cast<std::uint64_t>(os::current_thread_id()));

        rlimit limit{};
        REQUIRE(::getrlimit(RLIMIT_RTTIME, &limit) == 0);
        CHECK(limit.rlim_max <= static_cast<rlim_t>(longest_run_us));
        CHECK(limit.rlim_cur < limit.rlim_max);  // SIGXCPU comes before SIGKILL
    }

    TEST_CASE("a priority that is none is refused without asking")
    {
        CHECK(os::request_realtime_kit(0, 0).error().code == ErrorCode::invalid_argument);
    }
}
