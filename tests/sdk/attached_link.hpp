// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A ServiceLink with a real DSP thread, whose host is the test.

#include "sdk/src/service/service_link.hpp"
#include "tests/sdk/echo_processor.hpp"
#include "tests/sdk/link_fixture.hpp"

#include <doctest/doctest.h>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace outboard::test {

/// Its checkpoints are longer than a page.
using LongEcho = Echo<600>;

/// Breaks its word: the size of its checkpoints follows from its state.
class Growing : public Wire {
public:
    static constexpr const char* name = "growing";
    [[nodiscard]] bool load_state(std::span<const std::byte> data) override
    {
        size_bytes_ = data.size();
        return true;
    }
    [[nodiscard]] std::size_t checkpoint_bytes() const noexcept override { return size_bytes_; }

private:
    std::size_t size_bytes_ = 8;
};

/// The answer as a Failed message, or null.
[[nodiscard]] inline const wire::FailedT* failure(const link::ControlMessage& message)
{
    return message.body.AsFailed();
}

/// A link whose control thread is the test's and whose DSP thread is its own. Two lanes.
class AttachedLink {
public:
    static constexpr std::uint32_t caller = 2;
    static constexpr std::uint32_t frame_count = 64;

    explicit AttachedLink(std::uint32_t dsp_spin_us = 0, std::vector<int> dsp_cpus = {})
        : memory_({.lane_count = 2, .slot_count = 4}),
          catalog_(make_catalog())
    {
        auto ends = rt::os::socket_pair();
        REQUIRE(ends);
        channel_ = link::ControlChannel{std::move(ends->first)};
        link_ = std::make_unique<service::ServiceLink>(
            link::ControlChannel{std::move(ends->second)}, catalog_, options_);
        wire::AttachT attach = memory_.attach_message();
        attach.dsp_spin_us = dsp_spin_us;
        attach.dsp_cpus = std::move(dsp_cpus);
        REQUIRE(ask(attach, memory_.handles()).body.AsMapped() != nullptr);
    }
    AttachedLink(const AttachedLink&) = delete;
    AttachedLink(AttachedLink&&) = delete;
    AttachedLink& operator=(const AttachedLink&) = delete;
    AttachedLink& operator=(AttachedLink&&) = delete;
    ~AttachedLink() { CHECK(link_->shut_down(answer_deadline_ns())); }

    template <typename Table>
    link::ControlMessage ask(Table message, const std::vector<int>& handles = {})
    {
        REQUIRE(channel_.send(std::move(message), handles));
        REQUIRE(link_->handle_messages() == service::LinkState::open);
        return next_message(channel_);
    }

    /// @return the size of its checkpoints
    std::size_t add_lane(std::uint32_t lane, const char* processor = "echo",
                         std::vector<wire::ParameterValue> parameters = {})
    {
        wire::AddLaneT request;
        request.lane = lane;
        request.processor = processor;
        request.sample_rate_hz = 48'000.0;
        request.max_frame_count = frame_count;
        request.parameters = std::move(parameters);
        const auto message = ask(std::move(request));
        REQUIRE(message.body.AsLaneReady() != nullptr);
        CHECK(message.body.AsLaneReady()->lane == lane);
        return message.body.AsLaneReady()->checkpoint_bytes;
    }

    /// Starts a lane that needs no memory.
    void start_lane(std::uint32_t lane)
    {
        wire::StartLaneT request;
        request.lane = lane;
        const auto message = ask(request);
        REQUIRE(message.body.AsLaneStarted() != nullptr);
        CHECK(message.body.AsLaneStarted()->lane == lane);
    }

    /// Sends a block of `value` through a lane that was started.
    std::vector<float> through(std::uint32_t index, std::uint64_t sequence, float value)
    {
        auto lane = memory_.lane(index);
        return through(lane, sequence, value);
    }
    std::vector<float> through(link::HostLane& lane, std::uint64_t sequence, float value)
    {
        post_block(lane, sequence, frame_count, value, {}, caller);
        rt::ring(memory_.bells().request);
        return take(lane, sequence);
    }
    std::vector<float> take(link::HostLane& lane, std::uint64_t sequence)
    {
        REQUIRE(wait_for_answer(lane, memory_.bells(), caller));
        const auto slot = lane.output_slot();
        CHECK(slot.header().sequence == sequence);
        std::vector<float> samples(slot.channel(1), slot.channel(1) + frame_count);
        lane.output().release();
        return samples;
    }

    [[nodiscard]] link::HostLaneWords& words(std::uint32_t lane)
    {
        return *reinterpret_cast<link::HostLaneWords*>(
            memory_.host_data() + memory_.layout().host_lane_words_offset(lane));
    }
    [[nodiscard]] HostMemory& memory() { return memory_; }

private:
    [[nodiscard]] static service::ProcessorCatalog make_catalog()
    {
        const std::array classes{processor_class<LongEcho>(), processor_class<Wire>(),
                                 processor_class<Growing>()};
        auto catalog = service::ProcessorCatalog::make(classes);
        REQUIRE(catalog);
        return *std::move(catalog);
    }

    HostMemory memory_;
    service::ProcessorCatalog catalog_;
    service::LinkOptions options_{.service_name = "test"};
    link::ControlChannel channel_;
    std::unique_ptr<service::ServiceLink> link_;
};

}  // namespace outboard::test
