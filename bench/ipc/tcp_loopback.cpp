// SPDX-License-Identifier: MIT
//
// A TCP connection over the loopback interface; each message is sent at once (TCP_NODELAY).

#include "bench/ipc/channels.hpp"
#include "bench/ipc/stream_end.hpp"
#include "bench/ipc/system_call.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace outboard::bench::ipc {

namespace {

[[nodiscard]] rt::os::UniqueHandle new_socket()
{
    return rt::os::UniqueHandle{
        checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
}

void send_at_once(int socket)
{
    const int on = 1;
    checked(::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt");
}

}  // namespace

std::unique_ptr<Channel> open_tcp_loopback(const Setup& /*setup*/)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);  // any free port
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;

    const rt::os::UniqueHandle listener = new_socket();
    checked(::bind(listener.get(), generic, size), "bind");
    checked(::listen(listener.get(), 1), "listen");
    checked(::getsockname(listener.get(), generic, &size), "getsockname");

    rt::os::UniqueHandle near = new_socket();
    checked(::connect(near.get(), generic, size), "connect");
    rt::os::UniqueHandle far{
        checked(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC), "accept")};
    send_at_once(near.get());
    send_at_once(far.get());
    return std::make_unique<SocketChannel>(std::move(near), std::move(far));
}

}  // namespace outboard::bench::ipc
