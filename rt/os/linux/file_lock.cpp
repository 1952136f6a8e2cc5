// SPDX-License-Identifier: MIT

#include "rt/os/file_lock.hpp"

#include "rt/os/linux/errors.hpp"
#include "rt/os/process.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <array>
#include <charconv>
#include <cstddef>

namespace outboard::rt::os {
namespace {

/// A file can be removed between our opening and our locking it, each time anew.
constexpr int attempts_max = 100;

/// Room for a process id, a new line and what somebody else may have written.
using HolderText = std::array<char, 32>;

[[nodiscard]] struct flock whole_file() noexcept
{
    struct flock range {};
    range.l_type = F_WRLCK;
    range.l_whence = SEEK_SET;
    return range;
}

/// Whether `path` still leads to the opened file.
[[nodiscard]] bool is_at(const UniqueHandle& file, const std::string& path) noexcept
{
    struct stat opened {};
    struct stat found {};
    return ::fstat(file.get(), &opened) == 0 && ::stat(path.c_str(), &found) == 0 &&
           opened.st_dev == found.st_dev && opened.st_ino == found.st_ino;
}

[[nodiscard]] Result<void> write_holder(const UniqueHandle& file) noexcept
{
    HolderText text{};
    const auto end =
        std::to_chars(text.data(), text.data() + text.size() - 1, current_process_id());
    *end.ptr = '\n';
    const auto length = static_cast<std::size_t>(end.ptr + 1 - text.data());
    if (::ftruncate(file.get(), 0) != 0)
        return system_error("ftruncate of lock file");
    if (::pwrite(file.get(), text.data(), length, 0) != static_cast<ssize_t>(length))
        return system_error("write to lock file");
    return {};
}

[[nodiscard]] std::int32_t read_holder(const UniqueHandle& file) noexcept
{
    HolderText text{};
    const ssize_t length = ::pread(file.get(), text.data(), text.size(), 0);
    std::int32_t process_id = -1;
    if (length > 0)
        std::from_chars(text.data(), text.data() + length, process_id);
    return process_id > 0 ? process_id : -1;
}

/// Takes the lock on an opened file.
[[nodiscard]] Result<void> lock(const UniqueHandle& file) noexcept
{
    struct flock range = whole_file();
    if (::fcntl(file.get(), F_OFD_SETLK, &range) == 0)
        return {};
    if (errno == EAGAIN || errno == EACCES)
        return system_error("lock file", EEXIST);
    return system_error("lock file");
}

}  // namespace

Result<void> ensure_private_directory(const std::string& path) noexcept
{
    if (::mkdir(path.c_str(), S_IRWXU) != 0 && errno != EEXIST)
        return system_error("mkdir");
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0)
        return system_error("stat of directory");
    if (!S_ISDIR(status.st_mode))
        return system_error("stat of directory", ENOTDIR);
    if (status.st_uid != ::geteuid())
        return fail(ErrorCode::no_permission, "the directory belongs to another user");
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return fail(ErrorCode::no_permission, "the directory is writable by others");
    return {};
}

Result<FileLock> FileLock::acquire(std::string path) noexcept
{
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        UniqueHandle file{
            ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR)};
        if (!file.is_open())
            return system_error("open of lock file");
        if (const auto locked = lock(file); !locked)
            return tl::unexpected(locked.error());
        if (!is_at(file, path))
            continue;
        if (const auto written = write_holder(file); !written)
            return tl::unexpected(written.error());
        return FileLock{std::move(path), std::move(file)};
    }
    return fail(ErrorCode::timed_out, "lock file (it is removed again and again)");
}

void FileLock::remove() noexcept
{
    if (!file_.is_open())
        return;
    ::unlink(path_.c_str());
    file_.reset();
}

Result<std::int32_t> lock_holder(const std::string& path) noexcept
{
    const UniqueHandle file{::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW)};
    if (!file.is_open())
        return system_error("open of lock file");
    struct flock range = whole_file();
    if (::fcntl(file.get(), F_OFD_GETLK, &range) != 0)
        return system_error("look at lock file");
    return range.l_type == F_UNLCK ? -1 : read_holder(file);
}

}  // namespace outboard::rt::os
