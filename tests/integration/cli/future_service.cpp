// SPDX-License-Identifier: MIT
//
// A service of a time to come: it speaks protocol versions that this build does not know.

#include "rt/os/handle.hpp"
#include "sdk/src/link/control_channel.hpp"

#include <chrono>
#include <cstdlib>
#include <thread>
#include <utility>

int main()
{
    const char* const socket = std::getenv("OUTBOARD_SOCKET");
    if (socket == nullptr)
        return 1;
    const auto handle = static_cast<int>(std::strtol(socket, nullptr, 10));
    const outboard::link::ControlChannel channel{outboard::rt::os::UniqueHandle{handle}};
    outboard::wire::HelloT hello;
    hello.protocol_min = 1000;
    hello.protocol_max = 1001;
    hello.library_version = "99.0.0";
    hello.service_name = "future";
    if (!channel.send(std::move(hello)))
        return 1;
    std::this_thread::sleep_for(std::chrono::seconds{20});
    return 0;
}
