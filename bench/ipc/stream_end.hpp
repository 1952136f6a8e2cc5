// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Two byte streams, one each way, by file descriptors that block.

#include "bench/ipc/mechanism.hpp"
#include "rt/os/handle.hpp"

#include <array>

namespace outboard::bench::ipc {

/// Sends a message whole or throws: a stream may take and give it in pieces.
class StreamEnd final : public End {
public:
    StreamEnd(int out, int in) noexcept : out_(out), in_(in) {}

    void send(std::span<const std::byte> message) override;
    void receive(std::span<std::byte> message) override;

private:
    int out_;
    int in_;
};

/// Both processes keep all descriptors: neither waits for the end of a stream.
class StreamChannel final : public Channel {
public:
    struct Direction {
        rt::os::UniqueHandle in;   ///< read here
        rt::os::UniqueHandle out;  ///< written here
    };

    StreamChannel(Direction to_far, Direction to_near) noexcept
        : to_far_(std::move(to_far)),
          to_near_(std::move(to_near))
    {}

    [[nodiscard]] std::unique_ptr<End> end(Side side) override
    {
        return side == Side::near
                   ? std::make_unique<StreamEnd>(to_far_.out.get(), to_near_.in.get())
                   : std::make_unique<StreamEnd>(to_near_.out.get(), to_far_.in.get());
    }

private:
    Direction to_far_;
    Direction to_near_;
};

/// One connected socket for each side.
class SocketChannel final : public Channel {
public:
    SocketChannel(rt::os::UniqueHandle near, rt::os::UniqueHandle far) noexcept
        : near_(std::move(near)),
          far_(std::move(far))
    {}

    [[nodiscard]] std::unique_ptr<End> end(Side side) override
    {
        const int socket = side == Side::near ? near_.get() : far_.get();
        return std::make_unique<StreamEnd>(socket, socket);
    }

private:
    rt::os::UniqueHandle near_;
    rt::os::UniqueHandle far_;
};

}  // namespace outboard::bench::ipc
