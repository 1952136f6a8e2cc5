// SPDX-License-Identifier: MIT

#include "rt/os/file_lock.hpp"

#include "rt/os/process.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>

namespace os = outboard::rt::os;
using outboard::rt::ErrorCode;

namespace {

/// A directory for a test, removed with what is in it.
struct TestDirectory {
    TestDirectory()
    {
        REQUIRE(::mkdtemp(path.data()) != nullptr);
        file = path + "/lock";
    }
    TestDirectory(const TestDirectory&) = delete;
    TestDirectory(TestDirectory&&) = delete;
    TestDirectory& operator=(const TestDirectory&) = delete;
    TestDirectory& operator=(TestDirectory&&) = delete;
    ~TestDirectory() { std::filesystem::remove_all(path); }

    std::string path = std::filesystem::temp_directory_path() / "outboard-test-XXXXXX";
    std::string file;
};

bool is_held(const std::string& path)
{
    const auto again = os::FileLock::acquire(path);
    return !again && again.error().code == ErrorCode::already_exists;
}

}  // namespace

TEST_SUITE("rt/os_file_lock")
{
    TEST_CASE("a lock has one holder, in this process too, and names it")
    {
        const TestDirectory directory;
        {
            const auto lock = os::FileLock::acquire(directory.file);
            REQUIRE(lock);
            CHECK(is_held(directory.file));
            const auto holder = os::lock_holder(directory.file);
            REQUIRE(holder);
            CHECK(*holder == os::current_process_id());
        }
        const auto holder = os::lock_holder(directory.file);
        REQUIRE(holder);
        CHECK(*holder == -1);
        CHECK(os::FileLock::acquire(directory.file));
    }

    TEST_CASE("looking at a lock does not take it away from its holder")
    {
        const TestDirectory directory;
        const auto lock = os::FileLock::acquire(directory.file);
        REQUIRE(lock);
        REQUIRE(os::lock_holder(directory.file));
        CHECK(is_held(directory.file));
    }

    TEST_CASE("a lock that was moved is held until its new owner ends")
    {
        const TestDirectory directory;
        auto lock = os::FileLock::acquire(directory.file);
        REQUIRE(lock);
        {
            const os::FileLock moved = *std::move(lock);
            CHECK(is_held(directory.file));
        }
        CHECK(!is_held(directory.file));
    }

    TEST_CASE("a removed lock leaves no file and can be taken anew")
    {
        const TestDirectory directory;
        auto lock = os::FileLock::acquire(directory.file);
        REQUIRE(lock);
        lock->remove();
        CHECK(!std::filesystem::exists(directory.file));
        const auto holder = os::lock_holder(directory.file);
        REQUIRE(!holder);
        CHECK(holder.error().code == ErrorCode::not_found);
        CHECK(os::FileLock::acquire(directory.file));
    }

    TEST_CASE("the system lets go of a lock when its holder is killed")
    {
        const TestDirectory directory;
        const pid_t child = ::fork();
        if (child == 0) {
            const auto lock = os::FileLock::acquire(directory.file);
            ::kill(::getpid(), SIGKILL);
        }
        REQUIRE(child > 0);
        int status = 0;
        REQUIRE(::waitpid(child, &status, 0) == child);
        const auto holder = os::lock_holder(directory.file);
        REQUIRE(holder);
        CHECK(*holder == -1);
        CHECK(os::FileLock::acquire(directory.file));
    }

    TEST_CASE("a lock file that is a link is refused")
    {
        const TestDirectory directory;
        std::filesystem::create_symlink("elsewhere", directory.file);
        CHECK(!os::FileLock::acquire(directory.file));
        CHECK(!std::filesystem::exists(directory.path + "/elsewhere"));
    }

    TEST_CASE("a lock in a directory that is missing is an error")
    {
        const auto lock = os::FileLock::acquire("/nonexistent/for/sure/lock");
        REQUIRE(!lock);
        CHECK(lock.error().code == ErrorCode::not_found);
    }

    TEST_CASE("a private directory is made for this user alone, and found again")
    {
        const TestDirectory directory;
        const std::string path = directory.path + "/private";
        REQUIRE(os::ensure_private_directory(path));
        REQUIRE(os::ensure_private_directory(path));
        struct stat status {};
        REQUIRE(::stat(path.c_str(), &status) == 0);
        CHECK((status.st_mode & 0777U) == 0700U);
    }

    TEST_CASE("a directory that is not private, or none, is refused")
    {
        const TestDirectory directory;
        const std::string path = directory.path + "/place";
        SUBCASE("others may write")
        {
            REQUIRE(::mkdir(path.c_str(), 0700) == 0);
            REQUIRE(::chmod(path.c_str(), 0777) == 0);
        }
        SUBCASE("a link")
        {
            std::filesystem::create_directory_symlink(directory.path, path);
        }
        SUBCASE("a file")
        {
            REQUIRE(os::FileLock::acquire(path));
        }
        CHECK(!os::ensure_private_directory(path));
    }
}
