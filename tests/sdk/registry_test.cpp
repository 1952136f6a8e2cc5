// SPDX-License-Identifier: MIT

#include "sdk/src/registry/registry.hpp"

#include "rt/os/process.hpp"
#include "rt/os/socket.hpp"
#include "tests/sdk/runtime_directory.hpp"

#include <outboard/host.h>

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using namespace outboard;

namespace {

bool is_environment_error(const rt::Result<std::string>& directory)
{
    return !directory && directory.error().code == rt::ErrorCode::unsupported;
}

}  // namespace

TEST_SUITE("sdk/registry")
{
    TEST_CASE("names are short and harmless in a path")
    {
        for (const char* const name : {"a", "reverb-2", "x.y_z", "..", "0"})
            CHECK(registry::is_valid_name(name));
        CHECK(registry::is_valid_name(std::string(64, 'n')));
        for (const char* const name : {"", "A", "a b", "a/b", "\xc3\xa4", "a\n"})
            CHECK(!registry::is_valid_name(name));
        CHECK(!registry::is_valid_name(std::string(65, 'n')));
        const test::RuntimeDirectory runtime;
        CHECK(!registry::socket_path("../evil"));
        CHECK(!registry::Registration::claim("a/b"));
    }

    TEST_CASE("without XDG_RUNTIME_DIR there is no registry, and the message says what to do")
    {
        ::unsetenv("XDG_RUNTIME_DIR");
        CHECK(is_environment_error(registry::directory()));
        ::setenv("XDG_RUNTIME_DIR", "", 1);
        CHECK(is_environment_error(registry::directory()));
        ::setenv("XDG_RUNTIME_DIR", "relative", 1);
        CHECK(is_environment_error(registry::directory()));
        ::setenv("XDG_RUNTIME_DIR", "/nonexistent/for/sure", 1);
        CHECK(is_environment_error(registry::directory()));
        ::unsetenv("XDG_RUNTIME_DIR");

        std::uint32_t count = 0;
        CHECK(ob_service_list(nullptr, &count) == OB_ERR_ENVIRONMENT);
        CHECK(std::string{ob_last_error_message()}.find("XDG_RUNTIME_DIR") != std::string::npos);
    }

    TEST_CASE("the directory is made for this user alone")
    {
        const test::RuntimeDirectory runtime;
        REQUIRE(registry::directory());
        struct stat status {};
        REQUIRE(::stat(runtime.registry().c_str(), &status) == 0);
        CHECK((status.st_mode & 0777U) == 0700U);
    }

    TEST_CASE("a directory that others can write to is refused")
    {
        const test::RuntimeDirectory runtime;
        REQUIRE(::mkdir(runtime.registry().c_str(), 0700) == 0);
        REQUIRE(::chmod(runtime.registry().c_str(), 0777) == 0);
        CHECK(is_environment_error(registry::directory()));
    }

    TEST_CASE("a link in place of the directory is refused")
    {
        const test::RuntimeDirectory runtime;
        std::filesystem::create_directory_symlink("/tmp", runtime.registry());
        CHECK(is_environment_error(registry::directory()));
    }

    TEST_CASE("a name has one holder, and is free again after it")
    {
        const test::RuntimeDirectory runtime;
        {
            const auto first = registry::Registration::claim("reverb");
            REQUIRE(first);
            const auto second = registry::Registration::claim("reverb");
            REQUIRE(!second);
            CHECK(second.error().code == rt::ErrorCode::already_exists);
            CHECK(registry::Registration::claim("other"));
            CHECK(rt::os::connect_to(first->socket_path()));
        }
        CHECK(runtime.is_empty());
        CHECK(registry::Registration::claim("reverb"));
    }

    TEST_CASE("what a dead service left does not block its name")
    {
        const test::RuntimeDirectory runtime;
        const auto path = registry::socket_path("reverb");
        REQUIRE(path);
        // A killed process leaves both files; nobody holds the lock.
        REQUIRE(rt::os::listen_at(*path));
        std::ofstream{runtime.registry() / "reverb.lock"} << "999999\n";
        REQUIRE(std::filesystem::exists(*path));

        const auto entries = registry::list();
        REQUIRE(entries);
        REQUIRE(entries->size() == 1);
        CHECK(entries->front().process_id == -1);
        const auto claimed = registry::Registration::claim("reverb");
        REQUIRE(claimed);
        CHECK(rt::os::connect_to(*path));
    }

    TEST_CASE("services are listed by name with the process that serves")
    {
        const test::RuntimeDirectory runtime;
        const auto second = registry::Registration::claim("b");
        const auto first = registry::Registration::claim("a.1");
        REQUIRE(first);
        REQUIRE(second);
        std::ofstream{runtime.registry() / "NOT A NAME.lock"} << "1\n";
        std::ofstream{runtime.registry() / "note.txt"} << "1\n";

        std::uint32_t count = 1;
        std::vector<ob_service_info> services(2);
        CHECK(ob_service_list(services.data(), &count) == OB_AGAIN);
        CHECK(count == 2);
        REQUIRE(ob_service_list(services.data(), &count) == OB_OK);
        REQUIRE(count == 2);
        CHECK(std::string{services[0].name} == "a.1");
        CHECK(std::string{services[1].name} == "b");
        CHECK(services[0].process_id == rt::os::current_process_id());
        CHECK(services[0].socket_path == first->socket_path());
    }

    TEST_CASE("a runtime directory too deep for a socket is an error that leaves nothing")
    {
        const test::RuntimeDirectory runtime;
        const auto deep = runtime.registry().parent_path() / std::string(100, 'd');
        std::filesystem::create_directory(deep);
        ::setenv("XDG_RUNTIME_DIR", deep.c_str(), 1);
        CHECK(!registry::Registration::claim("reverb"));
        CHECK(std::filesystem::is_empty(deep / "outboard"));
    }

    TEST_CASE("NULL arguments are refused")
    {
        CHECK(ob_service_list(nullptr, nullptr) == OB_ERR_INVALID_ARGUMENT);
        std::uint32_t count = 1;
        CHECK(ob_service_list(nullptr, &count) == OB_ERR_INVALID_ARGUMENT);
    }
}
