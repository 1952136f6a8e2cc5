// SPDX-License-Identifier: MIT

#include "sdk/src/service/lane_runner.hpp"
#include "tests/sdk/link_fixture.hpp"
#include "tests/sdk/probe_processor.hpp"
#include "tests/support/no_alloc_scope.hpp"

#include <doctest/doctest.h>
#include <cmath>
#include <cstring>
#include <memory>
#include <numeric>
#include <vector>

using namespace outboard;
using service::LaneRunner;

namespace {

constexpr std::uint32_t max_frame_count = 64;
constexpr link::LinkShape shape{.lane_count = 1, .slot_count = 4, .event_bytes = 256};

template <typename Kind>
std::unique_ptr<service::ProcessorInstance> make_probe(std::span<const std::uint8_t> state = {})
{
    const ob_prepare_info format{48'000.0, max_frame_count, shape.input_channel_count,
                                 shape.output_channel_count};
    auto instance = service::ProcessorInstance::make(*processor_class<Kind>(), format, state);
    REQUIRE(instance);
    return *std::move(instance);
}

/// Both ends of one lane in one process, with a probe between them.
template <std::uint32_t Latency>
// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): in the order of construction
class Lane {
public:
    explicit Lane(std::span<const ob_event_parameter> parameters = {})
        : memory_(shape),
          host_(memory_.lane(0)),
          runner_(
              link::ServiceLane{memory_.layout(), 0, memory_.host_data(), memory_.service_data()},
              service::LaneContext{&in_progress_, &processor_, &fault_hook_, &clock_},
              make_probe<test::Probe<Latency>>(), parameters)
    {
        const int living = test::probe_record.living_count;
        test::probe_record = {};
        test::probe_record.living_count = living;
    }

    void post(std::span<const float> samples, std::span<const std::byte> events = {})
    {
        REQUIRE(host_.input().reserve() == rt::RingStatus::ok);
        const auto slot = host_.input_slot();
        slot.header() = {.sequence = sequence_++,
                         .posted_ns = 11,
                         .dsp_started_ns = 0,
                         .dsp_ended_ns = 0,
                         .frame_count = static_cast<std::uint32_t>(samples.size()),
                         .event_bytes = static_cast<std::uint32_t>(events.size()),
                         .caller = 0,
                         .reserved = 0};
        for (std::uint32_t channel = 0; channel < shape.input_channel_count; ++channel)
            std::copy(samples.begin(), samples.end(), slot.channel(channel));
        std::copy(events.begin(), events.end(), slot.events().begin());
        host_.input().publish();
    }

    /// The second channel of the oldest answer, which is given back.
    std::vector<float> take()
    {
        REQUIRE(host_.output().poll() == rt::RingStatus::ok);
        const auto slot = host_.output_slot();
        answer_ = slot.header();
        std::vector<float> samples(slot.channel(1), slot.channel(1) + answer_.frame_count);
        host_.output().release();
        return samples;
    }

    std::vector<float> through(std::span<const float> samples,
                               std::span<const std::byte> events = {})
    {
        post(samples, events);
        REQUIRE(runner_.has_work());
        REQUIRE(runner_.run_one());
        return take();
    }

    [[nodiscard]] LaneRunner& runner() { return runner_; }
    [[nodiscard]] link::HostLane& host() { return host_; }
    [[nodiscard]] const link::BlockHeader& answer() const { return answer_; }
    [[nodiscard]] service::FaultHook& fault_hook() { return fault_hook_; }
    [[nodiscard]] test::HostMemory& memory() { return memory_; }

private:
    test::HostMemory memory_;
    link::HostLane host_;
    std::atomic<std::uint64_t> in_progress_{0};
    std::atomic<const char*> processor_{""};
    rt::TickClock<> clock_{false};
    service::FaultHook fault_hook_;
    LaneRunner runner_;
    link::BlockHeader answer_{};
    std::uint64_t sequence_ = 1'000;
};

template <typename Event>
Event make_event(std::uint16_t type, std::uint32_t offset_frames = 0)
{
    Event event{};
    auto& header = reinterpret_cast<ob_event_header&>(event);
    header.size_bytes = sizeof(Event);
    header.offset_frames = offset_frames;
    header.type = type;
    return event;
}

template <typename... Events>
std::vector<std::byte> packed(const Events&... events)
{
    std::vector<std::byte> bytes;
    const auto append = [&bytes](const auto& event) {
        const auto* const first = reinterpret_cast<const std::byte*>(&event);
        bytes.insert(bytes.end(), first, first + sizeof(event));
    };
    (append(events), ...);
    return bytes;
}

std::vector<std::byte> bypass_event(bool is_bypassed)
{
    auto event = make_event<ob_event_bypass>(OB_EVENT_BYPASS);
    event.is_bypassed = is_bypassed ? 1 : 0;
    return packed(event);
}

ob_event_parameter parameter_event(double value)
{
    auto event = make_event<ob_event_parameter>(OB_EVENT_PARAMETER);
    event.parameter_id = 7;
    event.value = value;
    return event;
}

std::vector<std::byte> activate_event(std::uint64_t state_id)
{
    auto event = make_event<ob_event_activate_state>(OB_EVENT_ACTIVATE_STATE);
    event.state_id = state_id;
    return packed(event);
}

/// Largest step from one frame to the next.
float largest_step(std::span<const float> samples)
{
    float step = 0.0F;
    for (std::size_t frame = 1; frame < samples.size(); ++frame)
        step = std::max(step, std::abs(samples[frame] - samples[frame - 1]));
    return step;
}

void append(std::vector<float>& all, const std::vector<float>& samples)
{
    all.insert(all.end(), samples.begin(), samples.end());
}

const std::vector<float> ones(max_frame_count, 1.0F);

/// The steepest step of a raised cosine over 64 frames, with some room.
constexpr float fade_step_max = 0.026F;

}  // namespace

TEST_SUITE("sdk/lane_runner")
{
    TEST_CASE("without a block there is nothing to do")
    {
        Lane<0> lane;
        CHECK(!lane.runner().has_work());
        CHECK(!lane.runner().is_broken());
    }

    TEST_CASE("an answer carries the sequence, the length and the times of its block")
    {
        Lane<0> lane;
        for (std::uint32_t frame_count = 1; frame_count <= max_frame_count; ++frame_count) {
            const auto output = lane.through(std::span{ones}.first(frame_count));
            CHECK(output == std::vector<float>(frame_count, 2.0F));
            CHECK(lane.answer().sequence == 999 + frame_count);
            CHECK(lane.answer().posted_ns == 11);
            CHECK(lane.answer().dsp_started_ns <= lane.answer().dsp_ended_ns);
            CHECK(test::probe_record.last_sequence == lane.answer().sequence);
        }
    }

    TEST_CASE("initial parameters come with the first block, in front of its events, and once")
    {
        const std::array initial{parameter_event(3.0)};
        Lane<0> lane{initial};
        static_cast<void>(
            lane.through(ones, packed(make_event<ob_event_note>(OB_EVENT_NOTE_ON, 5))));
        REQUIRE(test::probe_record.event_count == 2);
        CHECK(test::probe_record.event_types[0] == OB_EVENT_PARAMETER);
        CHECK(test::probe_record.event_types[1] == OB_EVENT_NOTE_ON);
        CHECK(test::probe_record.last_parameter == 3.0);

        static_cast<void>(lane.through(ones));
        CHECK(test::probe_record.event_count == 2);
    }

    TEST_CASE("the processor does not see the library's own events")
    {
        Lane<0> lane;
        const auto events = packed(make_event<ob_event_header>(OB_EVENT_RESET),
                                   make_event<ob_event_bypass>(OB_EVENT_BYPASS),
                                   make_event<ob_event_activate_state>(OB_EVENT_ACTIVATE_STATE),
                                   make_event<ob_event_midi>(OB_EVENT_MIDI, 63));
        static_cast<void>(lane.through(ones, events));
        REQUIRE(test::probe_record.event_count == 1);
        CHECK(test::probe_record.event_types[0] == OB_EVENT_MIDI);
        CHECK(test::probe_record.reset_count == 1);
    }

    TEST_CASE("an output event behind the end of its block is refused")
    {
        Lane<0> lane;
        static_cast<void>(lane.through(ones));
        CHECK(test::probe_record.late_event_status == OB_ERR_INVALID_ARGUMENT);
        CHECK(lane.answer().event_bytes == 0);
    }

    TEST_CASE("bypass fades to the input within 64 frames, whatever the length of the blocks")
    {
        for (const std::uint32_t frame_count : {1U, 7U, 37U, 64U}) {
            CAPTURE(frame_count);
            Lane<0> lane;
            const auto block = std::span{ones}.first(frame_count);
            std::vector<float> all = lane.through(block);
            append(all, lane.through(block, bypass_event(true)));
            while (all.size() < frame_count + service::Crossfade::frame_count)
                append(all, lane.through(block));
            CHECK(all.front() == 2.0F);
            CHECK(all.back() == 1.0F);
            CHECK(largest_step(all) < fade_step_max);
        }
    }

    TEST_CASE("a bypass that is taken back half-way turns round without a step")
    {
        Lane<0> lane;
        const auto half = std::span{ones}.first(32);
        std::vector<float> all = lane.through(half, bypass_event(true));
        append(all, lane.through(half, bypass_event(false)));
        append(all, lane.through(half));
        CHECK(all.back() == 2.0F);
        CHECK(*std::min_element(all.begin(), all.end()) < 1.6F);
        CHECK(largest_step(all) < fade_step_max);
    }

    TEST_CASE("a bypassed input is as late as the processor, to the frame")
    {
        constexpr std::uint32_t latency = 100;
        constexpr std::size_t bypassed_from = 111;  // the fourth block of 37
        Lane<latency> lane;
        std::vector<float> all;
        float next_sample = 0.0F;
        for (int block_index = 0; block_index < 20; ++block_index) {
            std::vector<float> block(37);
            std::iota(block.begin(), block.end(), next_sample);
            next_sample += 37.0F;
            append(all, lane.through(block, block_index == 3 ? bypass_event(true)
                                                             : std::vector<std::byte>{}));
        }
        for (std::size_t frame = latency; frame < bypassed_from; ++frame)
            CHECK(all[frame] == static_cast<float>(frame - latency) + 1.0F);
        for (std::size_t frame = bypassed_from + 64; frame < all.size(); ++frame)
            CHECK(all[frame] == static_cast<float>(frame - latency));
        CHECK(test::probe_record.block_count == 20);  // it went on running
    }

    TEST_CASE("a loaded state takes over with a fade at its event, and the old one is given back")
    {
        Lane<0> lane;
        REQUIRE(test::probe_record.living_count == 1);
        lane.runner().states().stage(std::make_unique<service::InstanceNode>(
            9, make_probe<test::Probe<0>>(test::probe_state(5.0F))));
        CHECK(lane.through(ones).back() == 2.0F);

        auto all = lane.through(std::span{ones}.first(32), activate_event(9));
        append(all, lane.through(ones));
        CHECK(all.front() > 2.0F);
        CHECK(all[63] == 6.0F);
        CHECK(all.back() == 6.0F);
        CHECK(largest_step(all) < 4.0F * fade_step_max);

        CHECK(test::probe_record.living_count == 2);
        lane.runner().states().collect();
        CHECK(test::probe_record.living_count == 1);
    }

    TEST_CASE("a state that waits for another event stays, and a newer one replaces it")
    {
        Lane<0> lane;
        auto& states = lane.runner().states();
        states.stage(std::make_unique<service::InstanceNode>(
            1, make_probe<test::Probe<0>>(test::probe_state(3.0F))));
        CHECK(lane.through(ones, activate_event(2)).back() == 2.0F);
        states.stage(std::make_unique<service::InstanceNode>(
            2, make_probe<test::Probe<0>>(test::probe_state(7.0F))));
        CHECK(test::probe_record.living_count == 2);
        CHECK(lane.through(ones, activate_event(1)).back() == 2.0F);
        CHECK(lane.through(ones, activate_event(2)).back() == 8.0F);
    }

    TEST_CASE("while the output ring is full, blocks wait and none is lost")
    {
        Lane<0> lane;
        for (std::uint32_t count = 0; count < shape.slot_count; ++count) {
            lane.post(ones);
            REQUIRE(lane.runner().has_work());
            REQUIRE(lane.runner().run_one());
        }
        lane.post(ones);
        CHECK(!lane.runner().has_work());
        CHECK(!lane.runner().is_broken());
        static_cast<void>(lane.take());
        REQUIRE(lane.runner().has_work());
        REQUIRE(lane.runner().run_one());
        for (std::uint64_t sequence = 1'001; sequence < 1'005; ++sequence) {
            static_cast<void>(lane.take());
            CHECK(lane.answer().sequence == sequence);
        }
    }

    TEST_CASE("a malformed block ends the lane: it is neither processed nor answered")
    {
        Lane<0> lane;
        std::vector<std::byte> events;
        std::uint32_t frame_count = max_frame_count;
        std::uint32_t event_bytes = 0;
        SUBCASE("no frames")
        {
            frame_count = 0;
        }
        SUBCASE("more frames than prepared for")
        {
            frame_count = max_frame_count + 1;
        }
        SUBCASE("more frames than there are")
        {
            frame_count = 0xffffffffU;
        }
        SUBCASE("more events than there is room")
        {
            event_bytes = shape.event_bytes + 8;
        }
        SUBCASE("events beyond all bounds")
        {
            event_bytes = 0xfffffff8U;
        }
        SUBCASE("half an event")
        {
            event_bytes = 8;
        }
        SUBCASE("an event behind the end")
        {
            events = packed(make_event<ob_event_header>(OB_EVENT_RESET, max_frame_count));
            event_bytes = static_cast<std::uint32_t>(events.size());
        }
        SUBCASE("an event that is shorter than its type")
        {
            events = packed(make_event<ob_event_header>(OB_EVENT_BYPASS));
            event_bytes = static_cast<std::uint32_t>(events.size());
        }
        lane.post(ones, events);
        const auto slot = lane.memory().host_data() + lane.memory().layout().input_slots_offset(0);
        auto& header = *reinterpret_cast<link::BlockHeader*>(slot);
        header.frame_count = frame_count;
        header.event_bytes = event_bytes;

        REQUIRE(lane.runner().has_work());
        CHECK(!lane.runner().run_one());
        CHECK(lane.runner().is_broken());
        CHECK(!lane.runner().has_work());
        CHECK(test::probe_record.block_count == 0);
        CHECK(lane.host().output().poll() == rt::RingStatus::empty);
    }

    TEST_CASE("counters that make no sense end the lane")
    {
        Lane<0> lane;
        auto& words = *reinterpret_cast<link::HostLaneWords*>(
            lane.memory().host_data() + lane.memory().layout().host_lane_words_offset(0));
        lane.post(ones);
        SUBCASE("more blocks than slots")
        {
            words.input_write_count.store(shape.slot_count + 1);
        }
        SUBCASE("answers read that were never written")
        {
            for (std::uint32_t count = 1; count < shape.slot_count; ++count)
                lane.post(ones);
            while (lane.runner().has_work())
                REQUIRE(lane.runner().run_one());
            lane.post(ones);
            words.output_read_count.store(shape.slot_count + 1);
        }
        CHECK(!lane.runner().has_work());
        CHECK(lane.runner().is_broken());
    }

    TEST_CASE("an armed fault spoils exactly one block")
    {
        Lane<0> lane;
        REQUIRE(lane.fault_hook().arm(OB_FAULT_NAN, 0));
        CHECK(std::isnan(lane.through(ones).front()));
        CHECK(lane.through(ones).front() == 2.0F);
    }

    TEST_CASE("only faults that need help can be armed")
    {
        service::FaultHook hook;
        CHECK(!hook.arm(OB_FAULT_KILL, 0));
        CHECK(!hook.arm(OB_FAULT_STOP, 0));
        CHECK(!hook.arm(0, 0));
        CHECK(!hook.arm(-1, 0));
        CHECK(!hook.arm(99, 0));
        CHECK(!hook.strike());
    }

    TEST_CASE("a block with all that can happen in it allocates nothing [rt]")
    {
        Lane<10> lane;
        lane.runner().states().stage(std::make_unique<service::InstanceNode>(
            9, make_probe<test::Probe<10>>(test::probe_state(5.0F))));
        auto events = bypass_event(true);
        const auto activate = activate_event(9);
        events.insert(events.end(), activate.begin(), activate.end());
        const auto reset = packed(make_event<ob_event_header>(OB_EVENT_RESET));
        events.insert(events.end(), reset.begin(), reset.end());
        lane.post(ones, events);
        lane.post(ones);

        bool was_answered = false;
        std::uint64_t violations = 0;
        {
            const test::NoAllocScope scope;
            was_answered = lane.runner().has_work() && lane.runner().run_one() &&
                           lane.runner().has_work() && lane.runner().run_one();
            violations = scope.violations();
        }
        CHECK(was_answered);
        CHECK(violations == 0);
    }
}
