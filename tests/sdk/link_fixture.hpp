// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The host's end of a link, as small as can be: for tests of services without the host library.

#include "rt/os/clock.hpp"
#include "rt/os/memory.hpp"
#include "rt/os/poll.hpp"
#include "rt/path/bell.hpp"
#include "sdk/src/link/control_channel.hpp"
#include "sdk/src/link/lane_memory.hpp"

#include <doctest/doctest.h>
#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace outboard::test {

inline constexpr std::uint64_t answer_limit_ns = 10'000'000'000;

inline std::uint64_t answer_deadline_ns()
{
    return rt::os::monotonic_ns() + answer_limit_ns;
}

/// The next message; fails the test when there is none in time.
inline link::ControlMessage next_message(const link::ControlChannel& channel)
{
    rt::os::PollEntry entry{.handle = channel.socket().get()};
    REQUIRE(rt::os::wait_readable({&entry, 1}, answer_deadline_ns()));
    auto message = channel.receive();
    REQUIRE(message);
    return *std::move(message);
}

/// Whether the other end hangs up before the limit; messages are passed over.
inline bool hangs_up(const link::ControlChannel& channel)
{
    const std::uint64_t deadline_ns = answer_deadline_ns();
    while (rt::os::monotonic_ns() < deadline_ns) {
        rt::os::PollEntry entry{.handle = channel.socket().get()};
        static_cast<void>(rt::os::wait_readable({&entry, 1}, deadline_ns));
        const auto message = channel.receive();
        if (!message && message.error().code == rt::ErrorCode::disconnected)
            return true;
    }
    return false;
}

/// Shared memory of a link, made and mapped by the host's side.
class HostMemory {
public:
    explicit HostMemory(const link::LinkShape& shape) : layout_(shape)
    {
        host_handle_ = make(layout_.host_bytes(), host_);
        service_handle_ = make(layout_.service_bytes(), service_);
        bells_handle_ = make(sizeof(link::BellsSegment), bells_);
    }

    [[nodiscard]] wire::AttachT attach_message() const
    {
        wire::AttachT attach;
        attach.protocol = link::protocol_version_max;
        attach.host_name = "test";
        attach.lane_count = layout_.shape().lane_count;
        attach.input_channel_count = layout_.shape().input_channel_count;
        attach.output_channel_count = layout_.shape().output_channel_count;
        attach.frame_capacity = layout_.shape().frame_capacity;
        attach.slot_count = layout_.shape().slot_count;
        attach.event_bytes = layout_.shape().event_bytes;
        return attach;
    }
    [[nodiscard]] std::vector<int> handles() const
    {
        return {host_handle_.get(), service_handle_.get(), bells_handle_.get()};
    }
    [[nodiscard]] const link::LinkLayout& layout() const { return layout_; }
    [[nodiscard]] link::HostLane lane(std::uint32_t index)
    {
        return {layout_, index, host_.data(), service_.data()};
    }
    [[nodiscard]] link::BellsSegment& bells()
    {
        return *reinterpret_cast<link::BellsSegment*>(bells_.data());
    }
    [[nodiscard]] std::byte* host_data() { return host_.data(); }
    [[nodiscard]] std::byte* service_data() { return service_.data(); }

private:
    static rt::os::UniqueHandle make(std::size_t size_bytes, rt::os::Mapping& mapping)
    {
        auto memory = rt::os::create_shared_memory("test", size_bytes);
        REQUIRE(memory);
        auto mapped = rt::os::map_shared(*memory, size_bytes, rt::os::Access::read_write);
        REQUIRE(mapped);
        mapping = *std::move(mapped);
        return *std::move(memory);
    }

    link::LinkLayout layout_;
    rt::os::Mapping host_;
    rt::os::Mapping service_;
    rt::os::Mapping bells_;
    rt::os::UniqueHandle host_handle_;
    rt::os::UniqueHandle service_handle_;
    rt::os::UniqueHandle bells_handle_;
};

/// Writes a block whose samples are all `value` into the lane's next input slot.
inline void post_block(link::HostLane& lane, std::uint64_t sequence, std::uint32_t frame_count,
                       float value, std::span<const std::byte> events = {},
                       std::uint32_t caller = 0)
{
    REQUIRE(lane.input().reserve() == rt::RingStatus::ok);
    const auto slot = lane.input_slot();
    slot.header() = {.sequence = sequence,
                     .posted_ns = rt::os::monotonic_ns(),
                     .dsp_started_ns = 0,
                     .dsp_ended_ns = 0,
                     .frame_count = frame_count,
                     .event_bytes = static_cast<std::uint32_t>(events.size()),
                     .caller = caller,
                     .reserved = 0};
    for (std::uint32_t channel = 0; channel < lane.shape().input_channel_count; ++channel)
        std::fill_n(slot.channel(channel), frame_count, value);
    std::copy(events.begin(), events.end(), slot.events().begin());
    lane.input().publish();
}

/// Waits for an answer in the lane, on the reply bell of `caller`.
inline bool wait_for_answer(link::HostLane& lane, link::BellsSegment& bells, std::uint32_t caller)
{
    rt::BellWait wait{nullptr, false};
    wait.add(bells.replies[caller]);
    return wait.wait(answer_deadline_ns(), [&] {
        return lane.output().poll() == rt::RingStatus::ok;
    }) == rt::WaitEnd::ready;
}

}  // namespace outboard::test
