// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A second process for tests of what two processes share: a fork, ended with its owner, and
/// memory that both can write.

#include "rt/os/clock.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cstdint>
#include <new>
#include <utility>

namespace outboard::test {

/// One `T` in memory that a forked child goes on sharing.
template <typename T>
class SharedObject {
public:
    SharedObject()
        : memory_(
              ::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))
    {
        REQUIRE(memory_ != MAP_FAILED);
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

/// Runs `body` in a child; it says whether all went well. No assertions in there.
class ForkedPeer {
public:
    template <typename Body>
    explicit ForkedPeer(Body&& body) : process_id_(::fork())
    {
        REQUIRE(process_id_ >= 0);
        if (process_id_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            ::_exit(std::forward<Body>(body)() ? 0 : 1);
        }
    }
    ~ForkedPeer()
    {
        if (process_id_ > 0) {
            ::kill(process_id_, SIGKILL);
            ::waitpid(process_id_, nullptr, 0);
        }
    }
    ForkedPeer(const ForkedPeer&) = delete;
    ForkedPeer(ForkedPeer&&) = delete;
    ForkedPeer& operator=(const ForkedPeer&) = delete;
    ForkedPeer& operator=(ForkedPeer&&) = delete;

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

private:
    pid_t process_id_;
};

}  // namespace outboard::test
