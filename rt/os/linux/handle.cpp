// SPDX-License-Identifier: MIT

#include "rt/os/handle.hpp"

#include <unistd.h>

namespace outboard::rt::os {

void close_handle(int handle) noexcept
{
    // Linux frees the descriptor even when close() reports EINTR: never call it twice.
    if (handle >= 0)
        ::close(handle);
}

}  // namespace outboard::rt::os
