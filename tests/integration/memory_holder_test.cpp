// SPDX-License-Identifier: MIT
//
// The second process of a service, which holds its memory while the first one dies. It is stopped
// here, so that what lies between the two ends can be seen however slow the machine is.

#include "rt/os/memory.hpp"
#include "rt/os/process.hpp"
#include "tests/integration/support/found_service.hpp"
#include "tests/integration/support/left_behind.hpp"
#include "tests/integration/support/one_insert.hpp"
#include "tests/integration/support/runtime_directory.hpp"
#include "tests/integration/support/streaming_rig.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <thread>

using namespace outboard;
using test::FoundService;
using test::OneInsert;

namespace {

constexpr std::size_t large_bytes = std::size_t{256} << 20;

[[nodiscard]] std::string read(const std::string& path)
{
    std::ifstream file{path};
    std::ostringstream contents;
    contents << file.rdbuf();
    return contents.str();
}

/// The process "ob-holder" whose parent is `service`.
[[nodiscard]] std::optional<std::int32_t> holder_of(std::int32_t service)
{
    for (const std::string& name : test::names_in("/proc")) {
        if (name.find_first_not_of("0123456789") != std::string::npos)
            continue;
        const std::string status = read("/proc/" + name + "/status");
        if (status.find("Name:\tob-holder\n") == 0 &&
            status.find("\nPPid:\t" + std::to_string(service) + "\n") != std::string::npos)
            return std::stoi(name);
    }
    return std::nullopt;
}

[[nodiscard]] std::size_t resident_bytes_of(std::int32_t process_id)
{
    std::istringstream statm{read("/proc/" + std::to_string(process_id) + "/statm")};
    std::size_t page_count = 0;
    statm >> page_count >> page_count;
    return page_count * rt::os::page_bytes();
}

/// Stopped as long as this lives.
class StoppedHolder {
public:
    explicit StoppedHolder(std::int32_t service)
    {
        const auto holder = holder_of(service);
        REQUIRE(holder);
        process_id_ = *holder;
        auto handle = rt::os::open_process(process_id_);
        REQUIRE(handle);
        handle_ = std::move(*handle);
        REQUIRE(rt::os::send_signal(handle_, SIGSTOP));
    }
    ~StoppedHolder() { static_cast<void>(rt::os::send_signal(handle_, SIGCONT)); }
    StoppedHolder(const StoppedHolder&) = delete;
    StoppedHolder(StoppedHolder&&) = delete;
    StoppedHolder& operator=(const StoppedHolder&) = delete;
    StoppedHolder& operator=(StoppedHolder&&) = delete;

    [[nodiscard]] std::int32_t process_id() const noexcept { return process_id_; }

private:
    std::int32_t process_id_ = -1;
    rt::os::UniqueHandle handle_;
};

const test::Adjust large = [](InsertConfig& config) { config.processor = "large"; };

}  // namespace

TEST_SUITE("integration/memory_holder")
{
    TEST_CASE("a large service is seen dead, and replaced, while its memory is still there")
    {
        const test::ProcessMark mark;
        {
            OneInsert stream{test::test_service(), large};
            REQUIRE(stream.process_until_wet());
            const std::int32_t service = stream.insert().status().service_process_id;
            const StoppedHolder holder{service};
            REQUIRE(ob_insert_inject_fault(stream.insert().get(), OB_FAULT_KILL, 0) == OB_OK);
            CHECK(stream.process_until([&] { return stream.insert().statistics().failovers > 0; }));
            CHECK(resident_bytes_of(holder.process_id()) >= large_bytes);
            const auto incidents = stream.incidents();
            const auto lost = std::find_if(
                incidents.begin(), incidents.end(),
                [](const ob_incident& incident) { return incident.kind == OB_INCIDENT_FAILOVER; });
            REQUIRE(lost != incidents.end());
            CHECK(lost->process_id == service);
            CHECK(lost->cause == OB_CAUSE_CRASH);
            CHECK(lost->detail == -SIGKILL);

            CHECK(stream.process_until(
                [&] { return stream.insert().status().service_process_id > 0; }));
            CHECK(stream.process_until_wet());
            CHECK(resident_bytes_of(holder.process_id()) >= large_bytes);
        }
        CHECK(mark.wait_until_gone().empty());
    }

    TEST_CASE("a service that is found by name has a holder too, and both go together")
    {
        const test::RuntimeDirectory runtime;
        const test::ProcessMark mark;
        for (const int number : {SIGTERM, SIGKILL}) {
            FoundService service{OB_BUILTIN, "studio"};
            REQUIRE(service.wait_until_found());
            CHECK(holder_of(service.process_id()));
            service.signal(number);
            static_cast<void>(service.wait());
            CHECK(mark.wait_until_gone().empty());
        }
    }

    TEST_CASE("it can be switched off, and the service serves as before")
    {
        const test::RuntimeDirectory runtime;
        FoundService service{OB_BUILTIN, "studio", {"OUTBOARD_NO_MEMORY_HOLDER=1"}};
        REQUIRE(service.wait_until_found());
        CHECK(!holder_of(service.process_id()));
        OneInsert stream{"@studio", [](InsertConfig& config) { config.processor = "gain"; }};
        CHECK(stream.process_until_wet());
    }
}
