// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Control messages over a socket: encoded by FlatBuffers, verified before use. Control threads
/// only.

#include "control_generated.h"
#include "rt/control/result.hpp"
#include "rt/os/handle.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace outboard::link {

/// Versions of the protocol that this build speaks; docs/protocol.md tells what changed.
inline constexpr std::uint16_t protocol_version_min = 2;
inline constexpr std::uint16_t protocol_version_max = 2;

/// Longest processor state that fits a message.
inline constexpr std::size_t state_bytes_max = std::size_t{128} * 1024;

/// The newest version that both ranges contain, or 0.
[[nodiscard]] constexpr std::uint16_t common_version(std::uint16_t peer_min,
                                                     std::uint16_t peer_max) noexcept
{
    const std::uint16_t newest = peer_max < protocol_version_max ? peer_max : protocol_version_max;
    return newest >= protocol_version_min && newest >= peer_min ? newest : std::uint16_t{0};
}

struct ControlMessage {
    wire::BodyUnion body;
    std::vector<rt::os::UniqueHandle> handles;
};

class ControlChannel {
public:
    ControlChannel() noexcept = default;
    explicit ControlChannel(rt::os::UniqueHandle socket) noexcept : socket_(std::move(socket)) {}

    /// Sends one message, e.g. `send(wire::MappedT{})`, without blocking.
    template <typename Table>
    [[nodiscard]] rt::Result<void> send(Table message, std::span<const int> handles = {}) const
    {
        wire::EnvelopeT envelope;
        envelope.body.Set(std::move(message));
        return send_envelope(envelope, handles);
    }

    /// Takes one message without blocking.
    /// @return timed_out when there is none, disconnected at the end, protocol for bytes that are
    ///         no message of ours
    [[nodiscard]] rt::Result<ControlMessage> receive() const;

    /// For polling.
    [[nodiscard]] const rt::os::UniqueHandle& socket() const noexcept { return socket_; }
    [[nodiscard]] bool is_open() const noexcept { return socket_.is_open(); }
    void close() noexcept { socket_.reset(); }

private:
    [[nodiscard]] rt::Result<void> send_envelope(const wire::EnvelopeT& envelope,
                                                 std::span<const int> handles) const;

    rt::os::UniqueHandle socket_;
};

}  // namespace outboard::link
