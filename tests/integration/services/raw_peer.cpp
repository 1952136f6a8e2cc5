// SPDX-License-Identifier: MIT

#include "tests/integration/services/raw_peer.hpp"

#include "rt/os/clock.hpp"
#include "rt/os/poll.hpp"
#include "rt/os/process.hpp"
#include "rt/os/program.hpp"
#include "rt/os/socket.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace outboard::test {

namespace {

constexpr int inherited_handle = 3;
constexpr std::uint64_t look_interval_ns = 200'000;

/// Whether the peer's socket has something to read within the time.
[[nodiscard]] bool is_readable(const rt::os::UniqueHandle& socket, std::uint64_t time_ns)
{
    rt::os::PollEntry entry{.handle = socket.get()};
    const auto ready = rt::os::wait_readable({&entry, 1}, rt::os::monotonic_ns() + time_ns);
    return ready && entry.ready;
}

}  // namespace

RawPeer::RawPeer()
{
    auto socket = rt::os::take_inherited_handle(inherited_handle);
    if (!socket)
        std::_Exit(EXIT_FAILURE);
    channel_ = link::ControlChannel{std::move(*socket)};
}

wire::HelloT RawPeer::good_hello()
{
    wire::HelloT hello;
    hello.protocol_min = link::protocol_version_min;
    hello.protocol_max = link::protocol_version_max;
    hello.library_version = "0.0.0";
    hello.service_name = "raw peer";
    hello.process_id = rt::os::current_process_id();
    auto offer = std::make_unique<wire::ProcessorOfferT>();
    offer->name = "peer";
    hello.processors.push_back(std::move(offer));
    return hello;
}

void RawPeer::send_bytes(std::span<const std::byte> bytes, std::span<const int> handles) const
{
    static_cast<void>(rt::os::send_message(channel_.socket(), bytes, handles));
}

void RawPeer::fail(const std::string& message) const
{
    wire::FailedT failed;
    failed.status = OB_ERR_INTERNAL;
    failed.message = message;
    send(std::move(failed));
}

link::ControlMessage RawPeer::receive() const
{
    for (;;) {
        auto message = channel_.receive();
        if (message)
            return std::move(*message);
        if (message.error().code != rt::ErrorCode::timed_out)
            std::_Exit(EXIT_SUCCESS);
        static_cast<void>(is_readable(channel_.socket(), rt::os::no_deadline_ns / 4));
    }
}

PeerMemory RawPeer::map() const
{
    link::ControlMessage message = receive();
    const auto* const attach = message.body.AsAttach();
    if (attach == nullptr || message.handles.size() != 3)
        std::_Exit(EXIT_FAILURE);
    const link::LinkLayout layout{{.lane_count = attach->lane_count,
                                   .input_channel_count = attach->input_channel_count,
                                   .output_channel_count = attach->output_channel_count,
                                   .frame_capacity = attach->frame_capacity,
                                   .slot_count = attach->slot_count,
                                   .event_bytes = attach->event_bytes}};
    using rt::os::Access;
    auto host = rt::os::map_shared(message.handles[0], layout.host_bytes(), Access::read_only);
    auto service =
        rt::os::map_shared(message.handles[1], layout.service_bytes(), Access::read_write);
    auto bells =
        rt::os::map_shared(message.handles[2], sizeof(link::BellsSegment), Access::read_write);
    if (!host || !service || !bells)
        std::_Exit(EXIT_FAILURE);
    return {layout, std::move(message.handles), std::move(*host), std::move(*service),
            std::move(*bells)};
}

PeerMemory RawPeer::stream() const
{
    send(good_hello());
    PeerMemory memory = map();
    send(wire::MappedT{});
    static_cast<void>(receive());  // AddLane
    start_lane();
    return memory;
}

void RawPeer::start_lane() const
{
    send(wire::LaneReadyT{});
    static_cast<void>(receive());  // StartLane
    send(wire::LaneStartedT{});
}

bool RawPeer::wait_for_block(link::ServiceLane& lane) const
{
    if (lane.input().poll() == rt::RingStatus::ok)
        return true;
    if (is_host_gone())
        std::_Exit(EXIT_SUCCESS);
    rt::os::sleep_until_ns(rt::os::monotonic_ns() + look_interval_ns);
    return false;
}

void RawPeer::copy_block(link::ServiceLane& lane)
{
    const auto input = lane.input_slot();
    const auto output = lane.output_slot();
    for (std::uint32_t channel = 0; channel < lane.shape().output_channel_count; ++channel)
        std::copy_n(input.channel(channel), lane.shape().frame_capacity, output.channel(channel));
    output.header() = input.header();
    output.header().event_bytes = 0;
}

void RawPeer::wait_for_end() const
{
    for (;;)
        static_cast<void>(receive());
}

bool RawPeer::is_host_gone() const
{
    const auto message = channel_.receive();
    return !message && message.error().code != rt::ErrorCode::timed_out;
}

}  // namespace outboard::test
