// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A file that one process holds locked for as long as it lives, and private directories for it.
/// The system lets go of the lock when the process ends, however it ends.

#include "rt/control/result.hpp"
#include "rt/os/handle.hpp"

#include <cstdint>
#include <string>
#include <utility>

namespace outboard::rt::os {

/// Makes `path` if it is missing, for this user only (mode 0700).
/// @return no_permission when it exists but belongs to somebody else, or others may write to it
[[nodiscard]] Result<void> ensure_private_directory(const std::string& path) noexcept;

/// An exclusive lock on a file (Linux: an open file description lock, so that neither a second
/// open nor a fork in this process gives it away). The file holds the process id of its holder.
class FileLock {
public:
    /// Creates the file if it is missing, locks it and writes our process id into it.
    /// @return already_exists when somebody else holds it
    [[nodiscard]] static Result<FileLock> acquire(std::string path) noexcept;

    FileLock(FileLock&& other) noexcept = default;
    FileLock& operator=(FileLock&& other) noexcept = default;
    FileLock(const FileLock&) = delete;
    FileLock& operator=(const FileLock&) = delete;
    ~FileLock() = default;

    /// Removes the file while it is still locked, then lets go of it. Whoever was about to lock the
    /// removed file notices and starts again with a new one.
    void remove() noexcept;

private:
    FileLock(std::string path, UniqueHandle file) noexcept
        : path_(std::move(path)),
          file_(std::move(file))
    {}

    std::string path_;
    UniqueHandle file_;
};

/// Who holds the lock on `path` now; -1 when the file is there but nobody does.
/// @return not_found when there is no such file
[[nodiscard]] Result<std::int32_t> lock_holder(const std::string& path) noexcept;

}  // namespace outboard::rt::os
