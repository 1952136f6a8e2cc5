// SPDX-License-Identifier: MIT
//
// A pair of UNIX stream sockets with the system's buffers.

#include "bench/ipc/channels.hpp"
#include "bench/ipc/stream_end.hpp"
#include "bench/ipc/system_call.hpp"

#include <sys/socket.h>

namespace outboard::bench::ipc {

std::unique_ptr<Channel> open_unix_stream(const Setup& /*setup*/)
{
    std::array<int, 2> ends{};
    checked(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), "socketpair");
    return std::make_unique<SocketChannel>(rt::os::UniqueHandle{ends[0]},
                                           rt::os::UniqueHandle{ends[1]});
}

}  // namespace outboard::bench::ipc
