// SPDX-License-Identifier: MIT

#include "sdk/src/registry/service_path.hpp"

#include <outboard/service.h>

#include <doctest/doctest.h>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

using namespace outboard;

namespace {

/// A directory with something that could be the service of the built-in processors.
class ServiceDirectory {
public:
    ServiceDirectory()
    {
        std::string path = std::filesystem::temp_directory_path() / "outboard-test-XXXXXX";
        REQUIRE(::mkdtemp(path.data()) != nullptr);
        path_ = path;
        std::ofstream{executable()} << "#!/bin/sh\n";
        std::filesystem::permissions(executable(), std::filesystem::perms::owner_all);
    }
    ServiceDirectory(const ServiceDirectory&) = delete;
    ServiceDirectory(ServiceDirectory&&) = delete;
    ServiceDirectory& operator=(const ServiceDirectory&) = delete;
    ServiceDirectory& operator=(ServiceDirectory&&) = delete;
    ~ServiceDirectory()
    {
        ::unsetenv("OUTBOARD_SERVICE_DIR");
        std::filesystem::remove_all(path_);
    }

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string executable() const
    {
        return path_ + "/" + std::string{registry::builtin_executable_name};
    }

private:
    std::string path_;
};

}  // namespace

TEST_SUITE("sdk/service_path")
{
    TEST_CASE("the built-in processors are looked for where the caller says")
    {
        const ServiceDirectory directory;
        const auto found = registry::find_executable("reverb", directory.path().c_str());
        REQUIRE(found);
        CHECK(*found == directory.executable());
    }

    TEST_CASE("else where OUTBOARD_SERVICE_DIR says, and nowhere beside it")
    {
        const ServiceDirectory directory;
        ::setenv("OUTBOARD_SERVICE_DIR", directory.path().c_str(), 1);
        const auto found = registry::find_builtin_executable(nullptr);
        REQUIRE(found);
        CHECK(*found == directory.executable());

        ::setenv("OUTBOARD_SERVICE_DIR", "/nonexistent/for/sure", 1);
        const auto missing = registry::find_builtin_executable(nullptr);
        REQUIRE(!missing);
        CHECK(missing.error().code == rt::ErrorCode::not_found);
    }

    TEST_CASE("a name with a slash is a path to an executable file")
    {
        const auto shell = registry::find_executable("/bin/sh", nullptr);
        REQUIRE(shell);
        CHECK(*shell == "/bin/sh");
        CHECK(!registry::find_executable("/tmp", nullptr));
        CHECK(!registry::find_executable("./nobody", nullptr));
    }

    TEST_CASE("no name, and the name of a running service, start nothing")
    {
        CHECK(!registry::find_executable("", nullptr));
        CHECK(!registry::find_executable("@name", nullptr));
    }

    TEST_CASE("a service that is not there cannot be run in our place, and the message names it")
    {
        std::string program = "nobody";
        const std::array<char*, 2> arguments{program.data(), nullptr};
        CHECK(ob_service_exec("./nobody", arguments.data()) == OB_ERR_NOT_FOUND);
        CHECK(std::string{ob_last_error_message()}.find("./nobody") != std::string::npos);
        CHECK(ob_service_exec(nullptr, arguments.data()) == OB_ERR_INVALID_ARGUMENT);
        CHECK(ob_service_exec("./nobody", nullptr) == OB_ERR_INVALID_ARGUMENT);
    }
}
