// SPDX-License-Identifier: MIT
//
// Two anonymous pipes, each with the buffer that the system gives (Linux: 64 KiB).

#include "bench/ipc/channels.hpp"
#include "bench/ipc/stream_end.hpp"
#include "bench/ipc/system_call.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace outboard::bench::ipc {

namespace {

[[nodiscard]] StreamChannel::Direction new_pipe()
{
    std::array<int, 2> ends{};
    checked(::pipe2(ends.data(), O_CLOEXEC), "pipe2");
    return {rt::os::UniqueHandle{ends[0]}, rt::os::UniqueHandle{ends[1]}};
}

}  // namespace

std::unique_ptr<Channel> open_pipe(const Setup& /*setup*/)
{
    auto to_far = new_pipe();
    return std::make_unique<StreamChannel>(std::move(to_far), new_pipe());
}

}  // namespace outboard::bench::ipc
