// SPDX-License-Identifier: MIT
//
// A forked child takes the part of a service. Its holder is stopped where a test has to see what
// lies between the end of the one and of the other.

#include "rt/os/clock.hpp"
#include "rt/os/memory.hpp"
#include "rt/os/memory_holder.hpp"
#include "rt/os/poll.hpp"
#include "rt/os/process.hpp"
#include "tests/support/sanitizer.hpp"
#include "tests/support/skip.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <utility>

namespace {

using namespace outboard::rt;

constexpr std::uint64_t limit_ns = 20'000'000'000;
constexpr std::size_t large_bytes = std::size_t{32} << 20;

[[nodiscard]] std::string contents_of(const std::string& path)
{
    std::ifstream file{path};
    std::ostringstream contents;
    contents << file.rdbuf();
    return contents.str();
}

[[nodiscard]] std::string state_of(std::int32_t process_id)
{
    const std::string status = contents_of("/proc/" + std::to_string(process_id) + "/status");
    const auto line = status.find("State:\t");
    return line == std::string::npos ? "" : status.substr(line + 7, 1);
}

[[nodiscard]] std::size_t resident_pages_of(std::int32_t process_id)
{
    std::istringstream statm{contents_of("/proc/" + std::to_string(process_id) + "/statm")};
    std::size_t size = 0;
    std::size_t resident = 0;
    statm >> size >> resident;
    return resident;
}

[[nodiscard]] bool has_ended_in_time(const os::UniqueHandle& process)
{
    os::PollEntry entry{.handle = process.get()};
    const auto ready = os::wait_readable({&entry, 1}, os::monotonic_ns() + limit_ns);
    return ready && *ready == 1;
}

/// In the child only: a failure of it shows as a missing holder.
void touch_memory(std::size_t size_bytes) noexcept
{
    static_cast<void>(::mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0));
}

/// A child that has a holder and then runs `body`, by default until it is killed.
class HeldProcess {
public:
    explicit HeldProcess(
        const std::function<void()>& body = [] { ::pause(); },
        const std::function<void()>& before = [] {})
    {
        std::array<int, 2> ends{-1, -1};
        REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
        process_id_ = ::fork();
        REQUIRE(process_id_ >= 0);
        if (process_id_ == 0) {
            before();
            const auto holder = os::start_memory_holder();
            touch_memory(large_bytes);
            const std::int32_t holder_id = holder ? *holder : -1;
            static_cast<void>(!::write(ends[1], &holder_id, sizeof holder_id));
            body();
            ::_exit(0);
        }
        ::close(ends[1]);
        read_end_.reset(ends[0]);
        REQUIRE(::read(ends[0], &holder_id_, sizeof holder_id_) == sizeof holder_id_);
        REQUIRE(holder_id_ > 0);
        handle_ = open(process_id_);
        holder_handle_ = open(holder_id_);
    }
    ~HeldProcess()
    {
        static_cast<void>(os::send_signal(holder_handle_, SIGCONT));
        static_cast<void>(os::send_signal(handle_, SIGKILL));
        ::waitpid(process_id_, nullptr, 0);
    }
    HeldProcess(const HeldProcess&) = delete;
    HeldProcess(HeldProcess&&) = delete;
    HeldProcess& operator=(const HeldProcess&) = delete;
    HeldProcess& operator=(HeldProcess&&) = delete;

    [[nodiscard]] std::int32_t id() const noexcept { return process_id_; }
    [[nodiscard]] std::int32_t holder_id() const noexcept { return holder_id_; }
    [[nodiscard]] const os::UniqueHandle& handle() const noexcept { return handle_; }
    [[nodiscard]] const os::UniqueHandle& holder_handle() const noexcept { return holder_handle_; }
    /// Whether nobody has the child's end of a pipe any more.
    [[nodiscard]] bool has_hung_up() const
    {
        char byte = 0;
        return ::read(read_end_.get(), &byte, 1) == 0;
    }
    void stop_holder() const
    {
        REQUIRE(os::send_signal(holder_handle_, SIGSTOP));
        while (state_of(holder_id_) != "T")
            os::sleep_until_ns(os::monotonic_ns() + 1'000'000);
    }

private:
    [[nodiscard]] static os::UniqueHandle open(std::int32_t process_id)
    {
        auto handle = os::open_process(process_id);
        REQUIRE(handle);
        return std::move(*handle);
    }

    os::UniqueHandle read_end_;
    std::int32_t process_id_ = -1;
    std::int32_t holder_id_ = -1;
    os::UniqueHandle handle_;
    os::UniqueHandle holder_handle_;
};

}  // namespace

TEST_SUITE("rt/os_memory_holder")
{
    TEST_CASE("a killed process has ended while its memory is still there")
    {
        const HeldProcess process;
        process.stop_holder();
        REQUIRE(os::send_signal(process.handle(), SIGKILL));
        CHECK(has_ended_in_time(process.handle()));
        CHECK(resident_pages_of(process.holder_id()) >= large_bytes / os::page_bytes());
        REQUIRE(os::send_signal(process.holder_handle(), SIGCONT));
        CHECK(has_ended_in_time(process.holder_handle()));
    }

    TEST_CASE("the holder goes when its process goes, however that ends")
    {
        const auto exits = [] { ::_exit(3); };
        const auto dies = [] {
            ::signal(SIGABRT, SIG_DFL);
            const rlimit none{};
            ::setrlimit(RLIMIT_CORE, &none);
            std::abort();
        };
        for (const std::function<void()>& end : {std::function<void()>{exits}, {dies}}) {
            const HeldProcess process{end};
            CHECK(has_ended_in_time(process.handle()));
            CHECK(has_ended_in_time(process.holder_handle()));
        }
    }

    TEST_CASE("a process lives on when its holder is killed")
    {
        const HeldProcess process;
        REQUIRE(os::send_signal(process.holder_handle(), SIGKILL));
        CHECK(has_ended_in_time(process.holder_handle()));
        CHECK(state_of(process.id()) != "Z");
    }

    TEST_CASE("the holder keeps nothing open: its process's end is seen by who reads from it")
    {
        const HeldProcess process;
        process.stop_holder();
        REQUIRE(os::send_signal(process.handle(), SIGKILL));
        CHECK(process.has_hung_up());
        const auto handles = std::filesystem::directory_iterator{
            "/proc/" + std::to_string(process.holder_id()) + "/fd"};
        CHECK(std::distance(handles, {}) == 1);
    }

    TEST_CASE("a process without children finds none to wait for")
    {
        HeldProcess process{[] {
            const bool has_none = ::waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD;
            ::_exit(has_none ? 7 : 8);
        }};
        const auto status = os::reap(process.handle(), os::monotonic_ns() + limit_ns);
        REQUIRE(status);
        CHECK(status->value == 7);
    }

    TEST_CASE("no signal but SIGKILL reaches the holder")
    {
        const HeldProcess process;
        for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGSEGV, SIGUSR1, SIGCHLD})
            REQUIRE(os::send_signal(process.holder_handle(), number));
        os::sleep_until_ns(os::monotonic_ns() + 20'000'000);
        CHECK(state_of(process.holder_id()) == "S");
    }

    TEST_CASE("the holder is ordinary and may run anywhere, whatever its process is")
    {
        cpu_set_t allowed;
        REQUIRE(::sched_getaffinity(0, sizeof allowed, &allowed) == 0);
        const HeldProcess process{[] { ::pause(); },
                                  [] {
                                      cpu_set_t first;
                                      CPU_ZERO(&first);
                                      CPU_SET(0, &first);
                                      ::sched_setaffinity(0, sizeof first, &first);
                                      const sched_param fifo{.sched_priority = 1};
                                      ::sched_setscheduler(0, SCHED_FIFO, &fifo);
                                  }};
        CHECK(::sched_getscheduler(process.holder_id()) == SCHED_OTHER);
        cpu_set_t of_holder;
        REQUIRE(::sched_getaffinity(process.holder_id(), sizeof of_holder, &of_holder) == 0);
        CHECK(CPU_COUNT(&of_holder) >= CPU_COUNT(&allowed));
    }

    TEST_CASE("a debugger sees no second process and no thread")
    {
        const pid_t child = ::fork();
        if (child == 0) {
            ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
            ::raise(SIGSTOP);
            ::_exit(os::start_memory_holder() ? 5 : 6);
        }
        int status = 0;
        REQUIRE(::waitpid(child, &status, 0) == child);
        if (!WIFSTOPPED(status)) {
            outboard::test::skip("ptrace is not permitted");
            return;
        }
        constexpr long every_start = PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK;
        REQUIRE(::ptrace(PTRACE_SETOPTIONS, child, nullptr, every_start) == 0);
        REQUIRE(::ptrace(PTRACE_CONT, child, nullptr, nullptr) == 0);
        REQUIRE(::waitpid(child, &status, 0) == child);
        CHECK(WIFEXITED(status));
        CHECK(WEXITSTATUS(status) == 5);
    }

    TEST_CASE("a process that crashes leaves one core, its own")
    {
        if (outboard::test::has_sanitizer ||
            contents_of("/proc/sys/kernel/core_pattern") != "core\n") {
            outboard::test::skip("cores of this machine do not go to a file 'core'");
            return;
        }
        std::string folder = std::filesystem::temp_directory_path() / "outboard-core-XXXXXX";
        REQUIRE(::mkdtemp(folder.data()) != nullptr);
        {
            const HeldProcess process{[&folder] {
                const rlimit all{RLIM_INFINITY, RLIM_INFINITY};
                static_cast<void>(!::chdir(folder.c_str()));
                static_cast<void>(::setrlimit(RLIMIT_CORE, &all));
                ::signal(SIGABRT, SIG_DFL);
                std::abort();
            }};
            const auto status = os::reap(process.handle(), os::monotonic_ns() + limit_ns);
            REQUIRE(status);
            CHECK(status->value == SIGABRT);
            CHECK(has_ended_in_time(process.holder_handle()));
        }
        std::size_t core_count = 0;
        for (const auto& entry : std::filesystem::directory_iterator{folder}) {
            ++core_count;
            CHECK(entry.file_size() > large_bytes);
        }
        CHECK(core_count == 1);
        std::filesystem::remove_all(folder);
    }
}
