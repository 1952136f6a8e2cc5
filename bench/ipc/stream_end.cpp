// SPDX-License-Identifier: MIT

#include "bench/ipc/stream_end.hpp"

#include "bench/ipc/system_call.hpp"

#include <unistd.h>

namespace outboard::bench::ipc {

void StreamEnd::send(std::span<const std::byte> message)
{
    while (!message.empty()) {
        const ssize_t count = checked(
            uninterrupted([&] { return ::write(out_, message.data(), message.size()); }), "write");
        message = message.subspan(static_cast<std::size_t>(count));
    }
}

void StreamEnd::receive(std::span<std::byte> message)
{
    while (!message.empty()) {
        const ssize_t count = checked(
            uninterrupted([&] { return ::read(in_, message.data(), message.size()); }), "read");
        if (count == 0)
            throw std::runtime_error{"the other side closed its end"};
        message = message.subspan(static_cast<std::size_t>(count));
    }
}

}  // namespace outboard::bench::ipc
