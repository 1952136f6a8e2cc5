// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A second process by fork, ended with its owner, and memory that both can write. For benchmarks
/// and tests of what two processes share.

#include "rt/os/clock.hpp"
#include "rt/path/contract.hpp"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cstdint>
#include <new>
#include <utility>

namespace outboard::bench {

/// One `T` in memory that a forked child goes on sharing.
template <typename T>
class SharedObject {
public:
    SharedObject()
        : memory_(::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0))
    {
        OB_ASSERT(memory_ != MAP_FAILED);
        object_ = new (memory_) T;
    }
    ~SharedObject()
    {
        object_->~T();
        ::munmap(memory_, sizeof(T));
    }
    SharedObject(const SharedObject&) = delete;
    SharedObject(SharedObject&&) = delete;
    SharedObject& operator=(const SharedObject&) = delete;
    SharedObject& operator=(SharedObject&&) = delete;

    [[nodiscard]] T& operator*() const noexcept { return *object_; }
    [[nodiscard]] T* operator->() const noexcept { return object_; }

private:
    void* memory_;
    T* object_ = nullptr;
};

/// Runs `body` in a child; it says whether all went well. No assertions of a test in there.
class ForkedProcess {
public:
    template <typename Body>
    explicit ForkedProcess(Body&& body)
    {
        const pid_t owner = ::getpid();
        process_id_ = ::fork();
        OB_ASSERT(process_id_ >= 0);
        if (process_id_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (::getppid() != owner)  // it died before we asked to be told
                ::_exit(1);
            ::_exit(std::forward<Body>(body)() ? 0 : 1);
        }
    }
    ~ForkedProcess()
    {
        if (process_id_ > 0) {
            ::kill(process_id_, SIGKILL);
            ::waitpid(process_id_, nullptr, 0);
        }
    }
    ForkedProcess(const ForkedProcess&) = delete;
    ForkedProcess(ForkedProcess&&) = delete;
    ForkedProcess& operator=(const ForkedProcess&) = delete;
    ForkedProcess& operator=(ForkedProcess&&) = delete;

    /// Whether the body came to its end within `limit_ns`, and was content.
    [[nodiscard]] bool ended_well(std::uint64_t limit_ns)
    {
        const std::uint64_t deadline_ns = rt::os::monotonic_ns() + limit_ns;
        int status = 0;
        while (::waitpid(process_id_, &status, WNOHANG) == 0) {
            if (rt::os::monotonic_ns() >= deadline_ns)
                return false;
            rt::os::sleep_until_ns(rt::os::monotonic_ns() + 1'000'000);
        }
        process_id_ = -1;
        return WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }

    /// Whether the child has ended, by itself or by a signal; it is still there to be asked how.
    [[nodiscard]] bool has_ended() const noexcept
    {
        siginfo_t information{};
        return process_id_ < 0 || (::waitid(P_PID, static_cast<id_t>(process_id_), &information,
                                            WEXITED | WNOHANG | WNOWAIT) == 0 &&
                                   information.si_pid != 0);
    }

private:
    pid_t process_id_ = -1;
};

}  // namespace outboard::bench
