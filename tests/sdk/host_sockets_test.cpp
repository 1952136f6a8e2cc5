// SPDX-License-Identifier: MIT

#include "sdk/src/registry/host_sockets.hpp"

#include "rt/os/process.hpp"
#include "rt/os/socket.hpp"
#include "tests/sdk/runtime_directory.hpp"

#include <outboard/observe.h>

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

using namespace outboard;

namespace {

std::filesystem::path hosts_of(const test::RuntimeDirectory& runtime)
{
    return runtime.registry() / "hosts";
}

std::vector<registry::HostEntry> listed()
{
    auto entries = registry::list_hosts();
    REQUIRE(entries);
    return *std::move(entries);
}

}  // namespace

TEST_SUITE("sdk/host_sockets")
{
    TEST_CASE("a host listens under its process id, for its user alone, and leaves nothing")
    {
        const test::RuntimeDirectory runtime;
        CHECK(listed().empty());
        {
            const auto socket = registry::claim_host_socket();
            REQUIRE(socket);
            const auto entries = listed();
            REQUIRE(entries.size() == 1);
            CHECK(entries[0].process_id == rt::os::current_process_id());
            CHECK(entries[0].number == 1);
            CHECK(entries[0].socket_path == socket->socket_path());
            CHECK(entries[0].socket_path ==
                  (hosts_of(runtime) / (std::to_string(entries[0].process_id) + ".sock")));
            CHECK(rt::os::connect_to(entries[0].socket_path));

            struct stat status {};
            REQUIRE(::stat(hosts_of(runtime).c_str(), &status) == 0);
            CHECK((status.st_mode & 07777) == 0700);
            REQUIRE(::stat(entries[0].socket_path.c_str(), &status) == 0);
            CHECK((status.st_mode & 0777) == 0600);
        }
        CHECK(std::filesystem::is_empty(hosts_of(runtime)));
        CHECK(listed().empty());
    }

    TEST_CASE("further hosts of a process have numbers, and a number that is free is taken again")
    {
        const test::RuntimeDirectory runtime;
        const auto first = registry::claim_host_socket();
        auto second = std::optional{registry::claim_host_socket()};
        const auto third = registry::claim_host_socket();
        REQUIRE(first);
        REQUIRE(*second);
        REQUIRE(third);
        REQUIRE(listed().size() == 3);
        CHECK(listed()[2].number == 3);
        second.reset();
        REQUIRE(listed().size() == 2);
        CHECK(listed()[1].number == 3);
        const auto again = registry::claim_host_socket();
        REQUIRE(again);
        CHECK(listed()[1].number == 2);
    }

    TEST_CASE("a process that has sixteen hosts gets no place for one more")
    {
        const test::RuntimeDirectory runtime;
        std::vector<registry::Registration> sockets;
        for (std::uint32_t count = 0; count < registry::hosts_of_a_process_max; ++count) {
            auto socket = registry::claim_host_socket();
            REQUIRE(socket);
            sockets.push_back(*std::move(socket));
        }
        const auto one_more = registry::claim_host_socket();
        REQUIRE(!one_more);
        CHECK(one_more.error().code == rt::ErrorCode::already_exists);
        CHECK(listed().size() == sockets.size());
    }

    TEST_CASE("what a dead host has left goes when somebody looks, what is not ours stays")
    {
        const test::RuntimeDirectory runtime;
        const auto living = registry::claim_host_socket();
        REQUIRE(living);
        for (const char* const name : {"4711.lock", "4711.sock", "4711-2.lock", "4711-2.sock"})
            std::ofstream{hosts_of(runtime) / name} << "4711\n";
        const std::vector<std::string> foreign{"notes.txt", "x.lock",    "0.lock",
                                               "007.lock",  "7-1.lock",  "7-.lock",
                                               "-7.lock",   "7-2x.lock", "99999999999.lock"};
        for (const std::string& name : foreign)
            std::ofstream{hosts_of(runtime) / name} << "4711\n";

        REQUIRE(listed().size() == 1);
        CHECK(listed()[0].socket_path == living->socket_path());
        for (const char* const name : {"4711.lock", "4711.sock", "4711-2.lock", "4711-2.sock"})
            CHECK(!std::filesystem::exists(hosts_of(runtime) / name));
        for (const std::string& name : foreign)
            CHECK(std::filesystem::exists(hosts_of(runtime) / name));
    }

    TEST_CASE("what dead hosts have left does not pile up where nobody looks")
    {
        const test::RuntimeDirectory runtime;
        REQUIRE(registry::host_directory());
        for (const char* const name : {"4711.lock", "4711.sock"})
            std::ofstream{hosts_of(runtime) / name} << "4711\n";
        const auto socket = registry::claim_host_socket();
        REQUIRE(socket);
        CHECK(!std::filesystem::exists(hosts_of(runtime) / "4711.lock"));
        CHECK(!std::filesystem::exists(hosts_of(runtime) / "4711.sock"));
        CHECK(std::filesystem::exists(socket->socket_path()));
    }

    TEST_CASE("a process that got the id of a dead host takes its place")
    {
        const test::RuntimeDirectory runtime;
        REQUIRE(registry::host_directory());
        const std::string name = std::to_string(rt::os::current_process_id());
        for (const char* const suffix : {".lock", ".sock"})
            std::ofstream{hosts_of(runtime) / (name + suffix)} << name << '\n';
        const auto socket = registry::claim_host_socket();
        REQUIRE(socket);
        CHECK(socket->socket_path() == hosts_of(runtime) / (name + ".sock"));
        CHECK(rt::os::connect_to(socket->socket_path()));
    }

    TEST_CASE("without XDG_RUNTIME_DIR there are no hosts to list, and the message says why")
    {
        ::unsetenv("XDG_RUNTIME_DIR");
        CHECK(!registry::claim_host_socket());
        std::uint32_t count = 0;
        CHECK(ob_host_list(nullptr, &count) == OB_ERR_ENVIRONMENT);
        CHECK(std::string{ob_last_error_message()}.find("XDG_RUNTIME_DIR") != std::string::npos);
    }

    TEST_CASE("a directory that others may write to is not used")
    {
        const test::RuntimeDirectory runtime;
        REQUIRE(registry::host_directory());
        std::filesystem::permissions(hosts_of(runtime), std::filesystem::perms::all);
        CHECK(!registry::claim_host_socket());
        CHECK(!registry::list_hosts());
    }

    TEST_CASE("the list is given as far as there is room, and says how much it takes")
    {
        const test::RuntimeDirectory runtime;
        const auto first = registry::claim_host_socket();
        const auto second = registry::claim_host_socket();
        REQUIRE(first);
        REQUIRE(second);
        CHECK(ob_host_list(nullptr, nullptr) == OB_ERR_INVALID_ARGUMENT);
        std::uint32_t count = 1;
        CHECK(ob_host_list(nullptr, &count) == OB_ERR_INVALID_ARGUMENT);
        std::array<ob_host_entry, 2> entries{};
        CHECK(ob_host_list(entries.data(), &count) == OB_AGAIN);
        REQUIRE(count == 2);
        CHECK(ob_host_list(entries.data(), &count) == OB_OK);
        CHECK(entries[1].number == 2);
        CHECK(std::string{entries[0].socket_path} == first->socket_path());
    }
}
