// SPDX-License-Identifier: MIT
//
// A pair of UNIX sockets that keep the bounds of messages. The largest message is what the buffer
// takes, so it is made larger where it has to be and may be.

#include "bench/ipc/channels.hpp"
#include "bench/ipc/stream_end.hpp"
#include "bench/ipc/system_call.hpp"

#include <sys/socket.h>

namespace outboard::bench::ipc {

namespace {

class SeqpacketEnd final : public End {
public:
    explicit SeqpacketEnd(int socket) noexcept : socket_(socket) {}

    void send(std::span<const std::byte> message) override
    {
        checked(uninterrupted([&] { return ::send(socket_, message.data(), message.size(), 0); }),
                "send");
    }

    void receive(std::span<std::byte> message) override
    {
        const ssize_t count =
            checked(uninterrupted(
                        [&] { return ::recv(socket_, message.data(), message.size(), MSG_TRUNC); }),
                    "recv");
        if (static_cast<std::size_t>(count) != message.size())
            throw std::runtime_error{"a packet of " + std::to_string(count) + " bytes came"};
    }

private:
    int socket_;
};

class SeqpacketChannel final : public Channel {
public:
    explicit SeqpacketChannel(const Setup& setup)
    {
        std::array<int, 2> ends{};
        checked(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), "socketpair");
        near_.reset(ends[0]);
        far_.reset(ends[1]);
        make_room(near_.get(), far_.get(), setup.message_bytes);
        make_room(far_.get(), near_.get(), setup.message_bytes);
    }

    [[nodiscard]] std::unique_ptr<End> end(Side side) override
    {
        return std::make_unique<SeqpacketEnd>(side == Side::near ? near_.get() : far_.get());
    }

private:
    /// Whether a message of that size goes through; it is taken out again.
    [[nodiscard]] static bool carries(int from, int to, std::size_t message_bytes)
    {
        std::vector<std::byte> message(message_bytes);
        if (::send(from, message.data(), message.size(), MSG_DONTWAIT) < 0) {
            if (errno == EMSGSIZE)
                return false;
            throw_errno("send");
        }
        return ::recv(to, message.data(), message.size(), 0) == static_cast<ssize_t>(message_bytes);
    }

    static void make_room(int from, int to, std::size_t message_bytes)
    {
        if (carries(from, to, message_bytes))
            return;
        // The kernel doubles what it is asked for, to account for its own overhead.
        const int wanted = static_cast<int>(message_bytes);
        if (::setsockopt(from, SOL_SOCKET, SO_SNDBUFFORCE, &wanted, sizeof wanted) != 0) {
            checked(::setsockopt(from, SOL_SOCKET, SO_SNDBUF, &wanted, sizeof wanted),
                    "setsockopt");
        }
        if (!carries(from, to, message_bytes)) {
            throw Refused{
                "the message is larger than a socket's buffer may be "
                "(/proc/sys/net/core/wmem_max)"};
        }
    }

    rt::os::UniqueHandle near_;
    rt::os::UniqueHandle far_;
};

}  // namespace

std::unique_ptr<Channel> open_unix_seqpacket(const Setup& setup)
{
    return std::make_unique<SeqpacketChannel>(setup);
}

}  // namespace outboard::bench::ipc
