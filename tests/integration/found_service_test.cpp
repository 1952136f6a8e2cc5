// SPDX-License-Identifier: MIT
//
// Services that are found by name: whom they serve, and what they leave.

#include "tests/integration/support/found_service.hpp"
#include "tests/integration/support/left_behind.hpp"
#include "tests/integration/support/one_insert.hpp"
#include "tests/integration/support/running_host.hpp"
#include "tests/integration/support/runtime_directory.hpp"

#include <outboard/service.h>

#include <doctest/doctest.h>

#include <sys/stat.h>
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

using namespace outboard;
using test::FoundService;
using test::OneInsert;
using test::RuntimeDirectory;

namespace {

const test::Adjust with_gain = [](InsertConfig& config) { config.processor = "gain"; };

[[nodiscard]] bool contains(const std::string& text, const char* part)
{
    return text.find(part) != std::string::npos;
}

/// outboard-builtin under a name in a registry of its own.
struct Registry {
    RuntimeDirectory runtime;
    FoundService service{OB_BUILTIN, "studio"};

    Registry() { REQUIRE(service.wait_until_found()); }
};

}  // namespace

TEST_SUITE("integration/found_service")
{
    TEST_CASE("a service is found by its name and answers")
    {
        Registry registry;
        OneInsert stream{"@studio", with_gain};
        CHECK(stream.process_until_wet());
        CHECK(stream.is_output_input());
        const auto status = stream.insert().status();
        CHECK(status.found_by_name == 1);
        CHECK(status.service_process_id == registry.service.process_id());
    }

    TEST_CASE("it serves several hosts at once, each by its own")
    {
        Registry registry;
        OneInsert first{"@studio", with_gain};
        OneInsert second{"@studio", [](InsertConfig& config) { config.processor = "reverb"; }};
        for (int block = 0; block < 50; ++block) {
            CHECK(first.process() == OB_OK);
            CHECK(second.process() == OB_OK);
            CHECK(first.is_output_input());
        }
        CHECK_FALSE(second.is_output_input());
    }

    TEST_CASE("it serves on, and the next one, after a host was killed")
    {
        Registry registry;
        OneInsert witness{"@studio", with_gain};
        CHECK(witness.process_until_wet());
        for (int trial = 0; trial < 3; ++trial) {
            test::kill_host_only(test::start_host({"@studio"}));
            CHECK(witness.process() == OB_OK);
            OneInsert next{"@studio", with_gain};
            CHECK(next.process_until_wet());
        }
        CHECK(registry.service.is_running());
    }

    TEST_CASE("a host does not signal it")
    {
        Registry registry;
        OneInsert stream{"@studio", with_gain};
        REQUIRE(stream.process_until_wet());
        for (const ob_fault fault : {OB_FAULT_KILL, OB_FAULT_STOP}) {
            CHECK(ob_insert_inject_fault(stream.insert().get(), fault, 0) == OB_ERR_REFUSED);
            CHECK(contains(ob_last_error_message(), "found by name"));
        }
        CHECK(stream.process() == OB_OK);
        CHECK(registry.service.is_running());
    }

    TEST_CASE("a name that is taken is refused by its exit code and in words")
    {
        Registry registry;
        FoundService second{OB_BUILTIN, "studio"};
        const auto status = second.wait();
        CHECK(status.kind == rt::os::ExitKind::exited);
        CHECK(status.value == OB_SERVE_NAME_TAKEN);
        CHECK(contains(second.said(), "studio"));
        OneInsert stream{"@studio", with_gain};
        CHECK(stream.process_until_wet());
    }

    TEST_CASE("what a killed service left is cleared away by the next of its name")
    {
        Registry registry;
        registry.service.signal(SIGKILL);
        static_cast<void>(registry.service.wait());
        CHECK(std::filesystem::exists(registry.runtime.file("studio.sock")));
        const auto stale = list_services();
        REQUIRE(stale.size() == 1);
        CHECK(stale[0].process_id == -1);

        FoundService next{OB_BUILTIN, "studio"};
        REQUIRE(next.wait_until_found());
        OneInsert stream{"@studio", with_gain};
        CHECK(stream.process_until_wet());
    }

    TEST_CASE("services are listed with their names and processes, sorted")
    {
        Registry registry;
        FoundService other{OB_BUILTIN, "alpha-1"};
        REQUIRE(other.wait_until_found());
        const auto services = list_services();
        REQUIRE(services.size() == 2);
        CHECK(services[0].name == std::string{"alpha-1"});
        CHECK(services[0].process_id == other.process_id());
        CHECK(services[1].name == std::string{"studio"});
        CHECK(services[1].socket_path == registry.runtime.file("studio.sock"));
    }

    TEST_CASE("SIGTERM and SIGINT end it, and it removes its files")
    {
        for (const int number : {SIGTERM, SIGINT}) {
            Registry registry;
            OneInsert stream{"@studio", with_gain};
            REQUIRE(stream.process_until_wet());
            registry.service.signal(number);
            const auto status = registry.service.wait();
            CHECK(status.kind == rt::os::ExitKind::exited);
            CHECK(status.value == OB_SERVE_DONE);
            const std::vector<std::string> ours{"hosts"};  // where this test's host is observed
            CHECK(test::names_in(registry.runtime.file("").string()) == ours);
        }
    }

    TEST_CASE("without XDG_RUNTIME_DIR both sides say what is missing")
    {
        const RuntimeDirectory runtime;
        ::unsetenv("XDG_RUNTIME_DIR");
        FoundService service{OB_BUILTIN, "studio"};
        const auto status = service.wait();
        CHECK(status.value == OB_SERVE_ENVIRONMENT);
        CHECK(contains(service.said(), "XDG_RUNTIME_DIR"));

        const auto failure = test::failure_of("@studio");
        CHECK(failure.status() == OB_ERR_ENVIRONMENT);
        CHECK(contains(failure.what(), "XDG_RUNTIME_DIR"));
        std::uint32_t count = 0;
        CHECK(ob_service_list(nullptr, &count) == OB_ERR_ENVIRONMENT);
        CHECK(contains(ob_last_error_message(), "XDG_RUNTIME_DIR"));
    }

    TEST_CASE("a registry that others may write to is refused")
    {
        const RuntimeDirectory runtime;
        std::filesystem::create_directory(runtime.file(""));
        REQUIRE(::chmod(runtime.file("").c_str(), 0777) == 0);
        FoundService service{OB_BUILTIN, "studio"};
        CHECK(service.wait().value == OB_SERVE_ENVIRONMENT);
        CHECK(contains(service.said(), "outboard"));
        CHECK(test::failure_of("@studio").status() == OB_ERR_ENVIRONMENT);
    }

    TEST_CASE("a name that nobody serves under is refused with the remedy")
    {
        const RuntimeDirectory runtime;
        const auto failure = test::failure_of("@nobody");
        CHECK(failure.status() == OB_ERR_NOT_FOUND);
        CHECK(contains(failure.what(), "nobody"));
        CHECK(contains(failure.what(), "--name nobody"));
    }

    TEST_CASE(
        "a service that dies under a stream leaves the fallback, and is found when it is back")
    {
        Registry registry;
        OneInsert stream{"@studio", with_gain};
        REQUIRE(stream.process_until_wet());
        registry.service.signal(SIGKILL);
        static_cast<void>(registry.service.wait());
        CHECK(stream.process_until([&] { return stream.last_status() == OB_CONCEALED; }));
        CHECK(
            stream.process_until([&] { return stream.insert().status().state != OB_INSERT_WET; }));

        FoundService again{OB_BUILTIN, "studio"};
        REQUIRE(again.wait_until_found());
        CHECK(stream.process_until(
            [&] { return stream.insert().status().service_process_id == again.process_id(); }));
        CHECK(stream.process_until_wet());
        const auto incidents = stream.incidents();
        CHECK(std::any_of(incidents.begin(), incidents.end(), [](const ob_incident& incident) {
            return incident.kind == OB_INCIDENT_FAILOVER;
        }));
        CHECK(std::any_of(incidents.begin(), incidents.end(), [](const ob_incident& incident) {
            return incident.kind == OB_INCIDENT_WET_AGAIN;
        }));
    }

    TEST_CASE("one that is stopped is let go, not signalled, and serves again when it goes on")
    {
        Registry registry;
        OneInsert stream{"@studio", with_gain};
        REQUIRE(stream.process_until_wet());
        registry.service.signal(SIGSTOP);
        CHECK(stream.process_until([&] { return stream.insert().statistics().failovers > 0; }));
        const auto incidents = stream.incidents();
        CHECK(std::any_of(incidents.begin(), incidents.end(), [](const ob_incident& incident) {
            return incident.cause == OB_CAUSE_HANG;
        }));
        CHECK(registry.service.is_running());

        registry.service.signal(SIGCONT);
        CHECK(stream.process_until_wet());
        CHECK(stream.is_output_input());
        CHECK(stream.insert().status().service_process_id == registry.service.process_id());
        CHECK(stream.insert().statistics().corrupt_replies == 0);
        CHECK(registry.service.is_running());
    }

    TEST_CASE("it ends with SIGTERM while a processor loops for ever")
    {
        RuntimeDirectory runtime;
        FoundService service{OB_BUILTIN, "studio", {"OUTBOARD_FAULT_HOOK=1"}};
        REQUIRE(service.wait_until_found());
        {
            OneInsert stream{"@studio", with_gain};
            REQUIRE(stream.process_until_wet());
            REQUIRE(ob_insert_inject_fault(stream.insert().get(), OB_FAULT_SPIN, 0) == OB_OK);
            CHECK(stream.process_until([&] { return stream.insert().statistics().failovers > 0; }));
            const auto incidents = stream.incidents();
            CHECK(std::any_of(incidents.begin(), incidents.end(), [](const ob_incident& incident) {
                return incident.cause == OB_CAUSE_HANG;
            }));
        }
        service.signal(SIGTERM);
        const auto status = service.wait();
        CHECK(status.kind == rt::os::ExitKind::exited);
    }
}
