// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A way for two processes to exchange messages of equal length, behind one face:
///
///     open(setup) -> Channel      before the fork: everything both sides need to find each other
///     channel.end(Side) -> End    after it, in each of the two processes
///     end.send(), end.receive()   block until there is room, until a message is there
///
/// A channel removes at its end whatever the kernel would keep; the process that opened it is the
/// one that lives longest.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace outboard::bench::ipc {

enum class Side : std::uint8_t { near, far };

struct Setup {
    std::size_t message_bytes = 0;  ///< of every message, in either direction
    bool shares_cpu = false;        ///< both sides run on one CPU
};

/// Thrown by `open`: such messages cannot be carried here. The text says what is in the way.
class Refused : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// One process's end of a channel. What the system refuses becomes a std::system_error.
class End {
public:
    End() = default;
    virtual ~End() = default;
    End(const End&) = delete;
    End(End&&) = delete;
    End& operator=(const End&) = delete;
    End& operator=(End&&) = delete;

    /// @param message  Setup::message_bytes of them
    virtual void send(std::span<const std::byte> message) = 0;
    virtual void receive(std::span<std::byte> message) = 0;
};

class Channel {
public:
    Channel() = default;
    virtual ~Channel() = default;
    Channel(const Channel&) = delete;
    Channel(Channel&&) = delete;
    Channel& operator=(const Channel&) = delete;
    Channel& operator=(Channel&&) = delete;

    /// Called once in each of the two processes.
    [[nodiscard]] virtual std::unique_ptr<End> end(Side side) = 0;
};

using OpenChannel = std::unique_ptr<Channel> (*)(const Setup&);

struct Mechanism {
    const char* name = "";
    const char* waits_by = "";   ///< what a side does until a message comes
    OpenChannel open = nullptr;  ///< null where this build has it not
    const char* missing = "";    ///< then: what the build lacked
};

/// All of them, in the order of the table.
[[nodiscard]] const std::vector<Mechanism>& mechanisms();

/// What all others are compared with; and the same once more, for the A/A pair.
inline constexpr const char* base_name = "ring-bell";
inline constexpr const char* again_name = "ring-bell-again";

}  // namespace outboard::bench::ipc
