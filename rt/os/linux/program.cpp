// SPDX-License-Identifier: MIT

#include "rt/os/program.hpp"

#include "rt/os/linux/errors.hpp"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>
#include <array>
#include <cstddef>
#include <new>

namespace outboard::rt::os {

Result<std::string> executable_path() noexcept
{
    std::array<char, PATH_MAX> path{};
    const ssize_t length = ::readlink("/proc/self/exe", path.data(), path.size());
    if (length < 0)
        return system_error("readlink /proc/self/exe");
    try {
        return std::string{path.data(), static_cast<std::size_t>(length)};
    } catch (const std::bad_alloc&) {
        return fail(ErrorCode::no_memory, "path of the executable");
    }
}

std::uint32_t current_user_id() noexcept
{
    return ::geteuid();
}

bool is_executable_file(const std::string& path) noexcept
{
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
           ::access(path.c_str(), X_OK) == 0;
}

Result<UniqueHandle> take_inherited_handle(int number) noexcept
{
    if (::fcntl(number, F_SETFD, FD_CLOEXEC) != 0)
        return system_error("inherited handle", errno == EBADF ? ENOENT : errno);
    return UniqueHandle{number};
}

Error replace_process(const std::string& executable, char* const* arguments) noexcept
{
    ::execv(executable.c_str(), arguments);
    return system_error("execv").value();
}

}  // namespace outboard::rt::os
