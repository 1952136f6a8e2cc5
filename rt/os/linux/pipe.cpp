// SPDX-License-Identifier: MIT

#include "rt/os/pipe.hpp"

#include "rt/os/linux/errors.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <array>

namespace outboard::rt::os {

Result<Pipe> make_pipe() noexcept
{
    std::array<int, 2> ends{-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0)
        return system_error("pipe2");
    return Pipe{UniqueHandle{ends[0]}, UniqueHandle{ends[1]}};
}

Result<std::size_t> read_some(const UniqueHandle& read_end, std::span<char> out) noexcept
{
    for (;;) {
        const ssize_t length = ::read(read_end.get(), out.data(), out.size());
        if (length >= 0)
            return static_cast<std::size_t>(length);
        if (errno != EINTR)
            return system_error("read from a pipe");
    }
}

}  // namespace outboard::rt::os
