// SPDX-License-Identifier: MIT

#include "tests/integration/support/raw_host.hpp"

#include "rt/os/clock.hpp"
#include "rt/os/poll.hpp"
#include "rt/os/socket.hpp"
#include "rt/path/bell.hpp"
#include "sdk/src/registry/registry.hpp"

#include <doctest/doctest.h>

#include <array>
#include <utility>

namespace outboard::test {

namespace {

constexpr std::uint64_t answer_limit_ns = 2'000'000'000;

[[nodiscard]] link::LinkShape shape_of(const wire::AttachT& attach)
{
    return {.lane_count = attach.lane_count,
            .input_channel_count = attach.input_channel_count,
            .output_channel_count = attach.output_channel_count,
            .frame_capacity = attach.frame_capacity,
            .slot_count = attach.slot_count,
            .event_bytes = attach.event_bytes};
}

[[nodiscard]] rt::os::Mapping map(const rt::os::UniqueHandle& memory, std::size_t size_bytes)
{
    auto mapping = rt::os::map_shared(memory, size_bytes, rt::os::Access::read_write);
    REQUIRE(mapping);
    return std::move(*mapping);
}

}  // namespace

RawHost::RawHost(const std::string& name)
{
    const auto path = registry::socket_path(name);
    REQUIRE(path);
    auto socket = rt::os::connect_to(*path);
    REQUIRE(socket);
    channel_ = link::ControlChannel{std::move(*socket)};
    const auto hello = receive();
    REQUIRE(hello);
    REQUIRE(hello->AsHello() != nullptr);
}

void RawHost::send_bytes(std::span<const std::byte> bytes, std::span<const int> handles) const
{
    static_cast<void>(rt::os::send_message(channel_.socket(), bytes, handles));
}

std::optional<wire::BodyUnion> RawHost::receive() const
{
    rt::os::PollEntry entry{.handle = channel_.socket().get()};
    static_cast<void>(rt::os::wait_readable({&entry, 1}, rt::os::monotonic_ns() + answer_limit_ns));
    auto message = channel_.receive();
    if (!message)
        return std::nullopt;
    return std::move(message->body);
}

int RawHost::receive_failure() const
{
    const auto body = receive();
    const auto* const failed = body ? body->AsFailed() : nullptr;
    return failed != nullptr ? failed->status : 0;
}

wire::AttachT RawHost::good_attach()
{
    wire::AttachT attach;
    attach.protocol = link::protocol_version_max;
    attach.host_name = "raw host";
    attach.lane_count = 2;
    attach.input_channel_count = 2;
    attach.output_channel_count = 2;
    attach.frame_capacity = 64;
    attach.slot_count = 16;
    attach.event_bytes = 1024;
    return attach;
}

wire::AddLaneT RawHost::good_lane(const std::string& processor)
{
    wire::AddLaneT lane;
    lane.processor = processor;
    lane.sample_rate_hz = 48'000.0;
    lane.max_frame_count = 64;
    return lane;
}

void RawHost::attach()
{
    const auto request = good_attach();
    layout_.emplace(shape_of(request));
    const auto host = make_memory(layout_->host_bytes());
    const auto service = make_memory(layout_->service_bytes());
    const auto bells = make_memory(sizeof(link::BellsSegment));
    host_ = map(host, layout_->host_bytes());
    service_ = map(service, layout_->service_bytes());
    bells_ = map(bells, sizeof(link::BellsSegment));
    lane_.emplace(*layout_, 0, host_.data(), service_.data());
    const std::array<int, 3> handles{host.get(), service.get(), bells.get()};
    send(request, handles);
    const auto answer = receive();
    REQUIRE(answer);
    REQUIRE(answer->AsMapped() != nullptr);
}

bool RawHost::stream(const std::string& processor)
{
    attach();
    send(good_lane(processor));
    const auto ready = receive();
    if (!ready || ready->AsLaneReady() == nullptr)
        return false;
    send(wire::StartLaneT{});
    const auto started = receive();
    return started && started->AsLaneStarted() != nullptr;
}

link::HostLaneWords& RawHost::lane_words() const
{
    return *reinterpret_cast<link::HostLaneWords*>(host_.data() +
                                                   layout_->host_lane_words_offset(0));
}

void RawHost::ring() const
{
    rt::ring(reinterpret_cast<link::BellsSegment*>(bells_.data())->request);
}

rt::os::UniqueHandle make_memory(std::size_t size_bytes)
{
    auto memory = rt::os::create_shared_memory("raw-host", size_bytes);
    REQUIRE(memory);
    return std::move(*memory);
}

}  // namespace outboard::test
