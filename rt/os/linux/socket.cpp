// SPDX-License-Identifier: MIT

#include "rt/os/socket.hpp"

#include "rt/os/linux/errors.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

namespace outboard::rt::os {
namespace {

constexpr int socket_type = SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK;
constexpr int connections_waiting_max = 16;

/// Control data for exactly message_handles_max handles: one more, and the kernel says MSG_CTRUNC.
union HandleBuffer {
    cmsghdr alignment;
    std::array<std::byte, CMSG_SPACE(sizeof(int) * message_handles_max)> bytes;
};

/// The default buffer does not hold the longest message.
[[nodiscard]] Result<UniqueHandle> with_room_for_messages(UniqueHandle socket) noexcept
{
    const int room_bytes = static_cast<int>(message_bytes_max);
    if (::setsockopt(socket.get(), SOL_SOCKET, SO_SNDBUF, &room_bytes, sizeof room_bytes) != 0)
        return system_error("setsockopt SO_SNDBUF");
    return socket;
}

[[nodiscard]] Result<UniqueHandle> open_socket() noexcept
{
    UniqueHandle socket{::socket(AF_UNIX, socket_type, 0)};
    if (!socket.is_open())
        return system_error("socket");
    return with_room_for_messages(std::move(socket));
}

[[nodiscard]] Result<sockaddr_un> address_of(const std::string& path) noexcept
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path)
        return fail(ErrorCode::invalid_argument, "length of socket path");
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

void attach_handles(msghdr& header, HandleBuffer& buffer, std::span<const int> handles) noexcept
{
    header.msg_control = buffer.bytes.data();
    header.msg_controllen = CMSG_SPACE(handles.size_bytes());
    cmsghdr* const control = CMSG_FIRSTHDR(&header);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(handles.size_bytes());
    std::memcpy(CMSG_DATA(control), handles.data(), handles.size_bytes());
}

/// Handles of a received message. Owned at once, so that no way out of here leaks one.
class ReceivedHandles {
public:
    explicit ReceivedHandles(msghdr& header) noexcept
    {
        for (cmsghdr* control = CMSG_FIRSTHDR(&header); control != nullptr;
             control = CMSG_NXTHDR(&header, control)) {
            if (control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_RIGHTS)
                take_from(*control);
        }
    }

    void move_to(std::vector<UniqueHandle>& out)
    {
        out.reserve(count_);
        for (std::size_t i = 0; i < count_; ++i)
            out.push_back(std::move(handles_[i]));
    }

private:
    void take_from(cmsghdr& control) noexcept
    {
        const std::size_t arrived = (control.cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < arrived && count_ < handles_.size(); ++i) {
            int handle = -1;
            std::memcpy(&handle, CMSG_DATA(&control) + i * sizeof(int), sizeof handle);
            handles_[count_++].reset(handle);
        }
    }

    std::array<UniqueHandle, message_handles_max> handles_;
    std::size_t count_ = 0;
};

/// Length of the next message, which stays where it is.
[[nodiscard]] Result<std::size_t> next_message_bytes(const UniqueHandle& socket) noexcept
{
    const ssize_t length = ::recv(socket.get(), nullptr, 0, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
    if (length < 0)
        return system_error("recv");
    if (length == 0)  // send_message() sends no empty ones
        return fail(ErrorCode::disconnected, "recv");
    return static_cast<std::size_t>(length);
}

/// A message that is too long is taken off the queue all the same, cut, and reported.
[[nodiscard]] Result<Message> take_message(const UniqueHandle& socket, std::size_t length)
{
    Message message;
    message.bytes.resize(std::min(length, message_bytes_max));
    iovec content{message.bytes.data(), message.bytes.size()};
    HandleBuffer buffer{};
    msghdr header{};
    header.msg_iov = &content;
    header.msg_iovlen = 1;
    header.msg_control = buffer.bytes.data();
    header.msg_controllen = buffer.bytes.size();

    if (::recvmsg(socket.get(), &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) < 0)
        return system_error("recvmsg");
    ReceivedHandles handles{header};
    if ((header.msg_flags & MSG_TRUNC) != 0)
        return fail(ErrorCode::protocol, "message is too long");
    if ((header.msg_flags & MSG_CTRUNC) != 0)
        return fail(ErrorCode::protocol, "message carries too many handles");
    handles.move_to(message.handles);
    return message;
}

}  // namespace

Result<std::pair<UniqueHandle, UniqueHandle>> socket_pair() noexcept
{
    std::array<int, 2> ends{-1, -1};
    if (::socketpair(AF_UNIX, socket_type, 0, ends.data()) != 0)
        return system_error("socketpair");
    auto first = with_room_for_messages(UniqueHandle{ends[0]});
    auto second = with_room_for_messages(UniqueHandle{ends[1]});
    if (!first || !second)
        return tl::unexpected((first ? second : first).error());
    return std::pair{*std::move(first), *std::move(second)};
}

Result<UniqueHandle> listen_at(const std::string& path) noexcept
{
    const auto address = address_of(path);
    if (!address)
        return tl::unexpected(address.error());
    auto listener = open_socket();
    if (!listener)
        return listener;
    // Before bind(), which gives the file the mode of the socket: no moment at which others could
    // connect, and no change of the umask, which belongs to the whole process.
    if (::fchmod(listener->get(), S_IRUSR | S_IWUSR) != 0)
        return system_error("fchmod of socket");
    if (::bind(listener->get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0)
        return system_error("bind");
    if (::listen(listener->get(), connections_waiting_max) != 0)
        return system_error("listen");
    return listener;
}

Result<UniqueHandle> connect_to(const std::string& path) noexcept
{
    const auto address = address_of(path);
    if (!address)
        return tl::unexpected(address.error());
    auto socket = open_socket();
    if (!socket)
        return socket;
    if (::connect(socket->get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) !=
        0) {
        return system_error("connect");
    }
    return socket;
}

Result<UniqueHandle> accept_from(const UniqueHandle& listener) noexcept
{
    UniqueHandle socket{::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    if (!socket.is_open()) {
        // Somebody who has given up is nobody.
        return system_error("accept", errno == ECONNABORTED ? EAGAIN : errno);
    }
    return with_room_for_messages(std::move(socket));
}

Result<PeerCredentials> peer_credentials(const UniqueHandle& socket) noexcept
{
    ucred credentials{};
    socklen_t length = sizeof credentials;
    if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0)
        return system_error("getsockopt SO_PEERCRED");
    return PeerCredentials{credentials.pid, credentials.uid};
}

Result<void> send_message(const UniqueHandle& socket, std::span<const std::byte> bytes,
                          std::span<const int> handles) noexcept
{
    if (bytes.empty() || bytes.size() > message_bytes_max)
        return fail(ErrorCode::invalid_argument, "length of message");
    if (handles.size() > message_handles_max)
        return fail(ErrorCode::invalid_argument, "number of handles in message");

    // sendmsg() only reads; its interface is older than const.
    iovec content{const_cast<std::byte*>(bytes.data()), bytes.size()};
    HandleBuffer buffer{};
    msghdr header{};
    header.msg_iov = &content;
    header.msg_iovlen = 1;
    if (!handles.empty())
        attach_handles(header, buffer, handles);
    if (::sendmsg(socket.get(), &header, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        return system_error("sendmsg");
    return {};
}

Result<Message> receive_message(const UniqueHandle& socket) noexcept
{
    const auto length = next_message_bytes(socket);
    if (!length)
        return tl::unexpected(length.error());
    try {
        return take_message(socket, *length);
    } catch (const std::bad_alloc&) {
        return fail(ErrorCode::no_memory, "receive_message");
    }
}

}  // namespace outboard::rt::os
