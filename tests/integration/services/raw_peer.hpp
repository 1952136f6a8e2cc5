// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The service's end of the wire protocol without the library's service side, so that it can be
/// spoken wrongly at any point.

#include "rt/os/memory.hpp"
#include "sdk/src/link/control_channel.hpp"
#include "sdk/src/link/lane_memory.hpp"

#include <outboard/common.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace outboard::test {

/// The three segments, mapped, with their handles still open.
struct PeerMemory {
    link::LinkLayout layout;
    std::vector<rt::os::UniqueHandle> handles;  ///< host-owned, service-owned, bells
    rt::os::Mapping host;
    rt::os::Mapping service;
    rt::os::Mapping bells;

    [[nodiscard]] link::ServiceSegment& service_words() const
    {
        return *reinterpret_cast<link::ServiceSegment*>(service.data());
    }
    [[nodiscard]] link::ServiceLaneWords& lane_words() const
    {
        return *reinterpret_cast<link::ServiceLaneWords*>(service.data() +
                                                          layout.service_lane_words_offset(0));
    }
    [[nodiscard]] link::BellsSegment& bell_words() const
    {
        return *reinterpret_cast<link::BellsSegment*>(bells.data());
    }
};

class RawPeer {
public:
    /// Takes the socket that the host has left open.
    RawPeer();

    /// A Hello as a good service sends it, with one processor called "peer".
    [[nodiscard]] static wire::HelloT good_hello();

    /// Sends bytes as they are.
    void send_bytes(std::span<const std::byte> bytes, std::span<const int> handles = {}) const;
    template <typename Table>
    void send(Table message) const
    {
        static_cast<void>(channel_.send(std::move(message)));
    }
    void fail(const std::string& message) const;

    /// Waits for a message; ends the process when the host has gone.
    [[nodiscard]] link::ControlMessage receive() const;

    /// Waits for Attach and maps what comes with it.
    [[nodiscard]] PeerMemory map() const;

    /// All steps until the lane streams.
    [[nodiscard]] PeerMemory stream() const;
    /// The last of them, once AddLane has come.
    void start_lane() const;

    /// Answers blocks for ever as a good service does: what went in comes out.
    /// @param spoil  called with the header of each answer before it is published
    template <typename Spoil>
    [[noreturn]] void answer_blocks(const PeerMemory& memory, Spoil&& spoil) const
    {
        link::ServiceLane lane{memory.layout, 0, memory.host.data(), memory.service.data()};
        for (;;) {
            if (wait_for_block(lane))
                answer_block(memory, lane, spoil);
        }
    }

    /// Until the host has gone.
    [[noreturn]] void wait_for_end() const;
    [[nodiscard]] bool is_host_gone() const;

private:
    [[nodiscard]] bool wait_for_block(link::ServiceLane& lane) const;
    static void copy_block(link::ServiceLane& lane);

    template <typename Spoil>
    static void answer_block(const PeerMemory& memory, link::ServiceLane& lane, Spoil& spoil)
    {
        if (lane.output().reserve() != rt::RingStatus::ok)
            return;
        copy_block(lane);
        spoil(lane.output_slot().header());
        lane.output().publish();
        lane.input().release();
        memory.service_words().dsp_beat.count.fetch_add(1, std::memory_order_relaxed);
        for (rt::Bell& bell : memory.bell_words().replies)
            rt::ring(bell);
    }

    link::ControlChannel channel_;
};

}  // namespace outboard::test
