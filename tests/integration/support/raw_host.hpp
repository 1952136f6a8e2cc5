// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The host's end of the wire protocol without the library's host side, so that it can be spoken
/// wrongly to a service that is found by name.

#include "rt/os/handle.hpp"
#include "rt/os/memory.hpp"
#include "sdk/src/link/control_channel.hpp"
#include "sdk/src/link/lane_memory.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace outboard::test {

class RawHost {
public:
    /// Connects and takes the service's Hello.
    explicit RawHost(const std::string& name);

    void send_bytes(std::span<const std::byte> bytes, std::span<const int> handles = {}) const;
    template <typename Table>
    void send(Table message, std::span<const int> handles = {}) const
    {
        static_cast<void>(channel_.send(std::move(message), handles));
    }

    /// The next message; nothing when the service hangs up, or says nothing for a while.
    [[nodiscard]] std::optional<wire::BodyUnion> receive() const;
    /// The next message is Failed. @return its status, 0 when it is something else or none
    [[nodiscard]] int receive_failure() const;

    /// An Attach for a small stereo link.
    [[nodiscard]] static wire::AttachT good_attach();
    /// An AddLane for its first lane.
    [[nodiscard]] static wire::AddLaneT good_lane(const std::string& processor = "gain");

    /// Attaches by the rules and keeps all three segments, writable.
    void attach();
    /// Attaches, loads a lane and starts it. @return whether it streams
    [[nodiscard]] bool stream(const std::string& processor = "gain");

    // From attach() on
    [[nodiscard]] link::HostLaneWords& lane_words() const;
    [[nodiscard]] link::HostLane& lane() { return *lane_; }
    [[nodiscard]] const rt::os::Mapping& host_memory() const { return host_; }
    void ring() const;

private:
    link::ControlChannel channel_;
    std::optional<link::LinkLayout> layout_;
    rt::os::Mapping host_;
    rt::os::Mapping service_;
    rt::os::Mapping bells_;
    std::optional<link::HostLane> lane_;
};

/// Memory of that size to hand over.
[[nodiscard]] rt::os::UniqueHandle make_memory(std::size_t size_bytes);

}  // namespace outboard::test
