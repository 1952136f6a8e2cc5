// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// An operating system handle with one owner (a file descriptor on POSIX systems).

#include <utility>

namespace outboard::rt::os {

/// Closes `handle`; an invalid one is allowed. Implemented per system.
void close_handle(int handle) noexcept;

class UniqueHandle {
public:
    UniqueHandle() noexcept = default;
    explicit UniqueHandle(int handle) noexcept : handle_(handle) {}
    UniqueHandle(UniqueHandle&& other) noexcept : handle_(std::exchange(other.handle_, -1)) {}
    UniqueHandle& operator=(UniqueHandle&& other) noexcept
    {
        if (this != &other)
            reset(std::exchange(other.handle_, -1));
        return *this;
    }
    UniqueHandle(const UniqueHandle&) = delete;
    UniqueHandle& operator=(const UniqueHandle&) = delete;
    ~UniqueHandle() { reset(); }

    void reset(int handle = -1) noexcept
    {
        const int old = std::exchange(handle_, handle);
        if (old >= 0)
            close_handle(old);
    }
    [[nodiscard]] int get() const noexcept { return handle_; }
    [[nodiscard]] bool is_open() const noexcept { return handle_ >= 0; }
    [[nodiscard]] int release() noexcept { return std::exchange(handle_, -1); }

private:
    int handle_ = -1;
};

}  // namespace outboard::rt::os
