// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Local message sockets (AF_UNIX, SOCK_SEQPACKET): whole messages, with handles, between
/// processes of one user.

#include "rt/control/result.hpp"
#include "rt/os/handle.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace outboard::rt::os {

/// Longest message; a longer one is refused by send_message() and reported by receive_message().
inline constexpr std::size_t message_bytes_max = std::size_t{256} * 1024;
inline constexpr std::size_t message_handles_max = 4;

struct Message {
    std::vector<std::byte> bytes;
    std::vector<UniqueHandle> handles;  ///< at most message_handles_max, close-on-exec
};

struct PeerCredentials {
    std::int32_t process_id;
    std::uint32_t user_id;
};

/// Two connected ends, both close-on-exec and non-blocking.
[[nodiscard]] Result<std::pair<UniqueHandle, UniqueHandle>> socket_pair() noexcept;

/// Binds and listens at `path`, mode 0600. An existing file is an error (already_exists).
[[nodiscard]] Result<UniqueHandle> listen_at(const std::string& path) noexcept;

/// @return not_found when nobody listens there (no file, or a stale one)
[[nodiscard]] Result<UniqueHandle> connect_to(const std::string& path) noexcept;

/// @return timed_out when nobody is waiting to be accepted
[[nodiscard]] Result<UniqueHandle> accept_from(const UniqueHandle& listener) noexcept;

[[nodiscard]] Result<PeerCredentials> peer_credentials(const UniqueHandle& socket) noexcept;

/// Sends one whole message without blocking.
/// @return disconnected when the peer has gone (never a signal), timed_out when its queue is full
[[nodiscard]] Result<void> send_message(const UniqueHandle& socket,
                                        std::span<const std::byte> bytes,
                                        std::span<const int> handles = {}) noexcept;

/// Takes one message without blocking.
/// @return timed_out when there is none, disconnected at the end, protocol when it was too long or
///         carried more than message_handles_max handles (all of which are closed)
[[nodiscard]] Result<Message> receive_message(const UniqueHandle& socket) noexcept;

}  // namespace outboard::rt::os
