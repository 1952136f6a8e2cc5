// SPDX-License-Identifier: MIT

#include "sdk/src/link/checkpoint_area.hpp"
#include "sdk/src/service/lane_checkpoint.hpp"
#include "sdk/src/service/lane_runner.hpp"
#include "tests/sdk/echo_processor.hpp"
#include "tests/sdk/link_fixture.hpp"
#include "tests/support/no_alloc_scope.hpp"

#include <doctest/doctest.h>
#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

using namespace outboard;

namespace {

constexpr std::uint32_t max_frame_count = 64;
constexpr link::LinkShape shape{.lane_count = 1, .slot_count = 4, .event_bytes = 256};
constexpr std::uint64_t first_sequence = 1'000;

template <typename Kind>
std::unique_ptr<service::ProcessorInstance> make_instance(std::span<const std::uint8_t> state = {})
{
    const ob_prepare_info format{48'000.0, max_frame_count, shape.input_channel_count,
                                 shape.output_channel_count};
    auto instance = service::ProcessorInstance::make(*processor_class<Kind>(), format, state);
    REQUIRE(instance);
    return *std::move(instance);
}

std::vector<std::byte> to_bytes(const auto& event)
{
    const auto* const first = reinterpret_cast<const std::byte*>(&event);
    return {first, first + sizeof(event)};
}

std::vector<std::byte> bypass_event(bool is_bypassed)
{
    return to_bytes(
        ob_event_bypass{{sizeof(ob_event_bypass), 0, OB_EVENT_BYPASS, 0, 0}, is_bypassed, 0});
}

std::vector<std::byte> activate_event(std::uint64_t state_id)
{
    return to_bytes(ob_event_activate_state{
        {sizeof(ob_event_activate_state), 0, OB_EVENT_ACTIVATE_STATE, 0, 0}, state_id});
}

ob_event_parameter feedback_event(double feedback)
{
    return {{sizeof(ob_event_parameter), 0, OB_EVENT_PARAMETER, 0, 0},
            test::feedback_parameter,
            0,
            feedback};
}

/// Both ends of one lane in one process, and its checkpoint area.
template <typename Kind>
class Lane {
public:
    explicit Lane(std::span<const ob_event_parameter> parameters = {})
        : memory_(shape),
          host_(memory_.lane(0)),
          runner_(
              link::ServiceLane{memory_.layout(), 0, memory_.host_data(), memory_.service_data()},
              service::LaneContext{&in_progress_, &processor_, nullptr, &clock_},
              make_instance<Kind>(), parameters)
    {}

    void make_area()
    {
        auto area = rt::os::map_private(link::checkpoint_area_bytes(runner_.checkpoint_bytes()));
        REQUIRE(area);
        area_data_ = area->data();
        runner_.use_checkpoint_area(*std::move(area));
    }

    /// Sends a block through; its samples follow from its sequence number.
    std::vector<float> through(std::uint32_t frame_count = max_frame_count,
                               std::span<const std::byte> events = {})
    {
        test::post_block(host_, sequence, frame_count, 0.0F, events);
        const auto slot = memory_.host_data() + memory_.layout().input_slots_offset(0) +
                          slot_index_ * memory_.layout().input_slot_bytes();
        slot_index_ = (slot_index_ + 1) % shape.slot_count;
        for (std::uint32_t channel = 0; channel < shape.input_channel_count; ++channel) {
            fill(reinterpret_cast<float*>(slot + memory_.layout().channel_offset(channel)),
                 frame_count, channel);
        }
        ++sequence;
        REQUIRE(runner_.has_work());
        REQUIRE(runner_.run_one());
        return take();
    }

    void ask(std::uint64_t number)
    {
        reinterpret_cast<link::HostLaneWords*>(memory_.host_data() +
                                               memory_.layout().host_lane_words_offset(0))
            ->checkpoint_wanted.store(number);
    }
    [[nodiscard]] link::CheckpointArea& area()
    {
        return *reinterpret_cast<link::CheckpointArea*>(area_data_);
    }
    [[nodiscard]] std::vector<std::byte> state(std::uint64_t number) const
    {
        const std::size_t size_bytes = runner_.checkpoint_bytes();
        const auto* const first = area_data_ + link::checkpoint_offset(number, size_bytes);
        return {first, first + size_bytes};
    }
    /// Asks, expects the answer at once, and returns it.
    std::vector<std::byte> checkpoint(std::uint64_t number)
    {
        ask(number);
        REQUIRE(runner_.write_checkpoint_if_wanted());
        REQUIRE(area().published.load() == number);
        return state(number);
    }

    [[nodiscard]] service::LaneRunner& runner() { return runner_; }

    std::uint64_t sequence = first_sequence;

private:
    void fill(float* samples, std::uint32_t frame_count, std::uint32_t channel) const
    {
        for (std::uint32_t frame = 0; frame < frame_count; ++frame) {
            const auto seed = static_cast<std::uint32_t>(sequence * 64 + frame) * 2654435761U;
            samples[frame] = static_cast<float>(seed >> 8) * 1e-7F - static_cast<float>(channel);
        }
    }
    std::vector<float> take()
    {
        REQUIRE(host_.output().poll() == rt::RingStatus::ok);
        const auto slot = host_.output_slot();
        const std::uint32_t frame_count = slot.header().frame_count;
        std::vector<float> samples;
        for (std::uint32_t channel = 0; channel < shape.output_channel_count; ++channel) {
            samples.insert(samples.end(), slot.channel(channel),
                           slot.channel(channel) + frame_count);
        }
        host_.output().release();
        return samples;
    }

    test::HostMemory memory_;
    link::HostLane host_;
    std::atomic<std::uint64_t> in_progress_{0};
    std::atomic<const char*> processor_{""};
    rt::TickClock<> clock_{false};
    service::LaneRunner runner_;
    std::byte* area_data_ = nullptr;
    std::size_t slot_index_ = 0;
};

/// An echo that has streamed one block, with an area.
struct EchoLane : Lane<test::Echo<0>> {
    EchoLane()
    {
        make_area();
        static_cast<void>(through());
    }
};

/// Equal to the bit, not only to the value.
bool are_identical(const std::vector<float>& left, const std::vector<float>& right)
{
    return left.size() == right.size() &&
           std::memcmp(left.data(), right.data(), left.size() * sizeof(float)) == 0;
}

template <typename Kind>
void stream(Lane<Kind>& lane, std::uint32_t frame_count, std::uint32_t frames)
{
    for (std::uint32_t done = 0; done < frames; done += frame_count)
        static_cast<void>(lane.through(frame_count));
}

template <typename Kind>
void check_goes_on_identically(Lane<Kind>& original, std::uint32_t frame_count)
{
    const auto checkpoint = original.checkpoint(1);
    const std::array wrong_parameters{feedback_event(0.123)};
    Lane<Kind> other{wrong_parameters};
    other.sequence = original.sequence;
    REQUIRE(other.runner().restore(checkpoint, original.sequence - 1));

    std::vector<float> all;
    for (int block_index = 0; block_index < 500; ++block_index) {
        // Half-way the bypass is turned over, so that what it hides is compared as well.
        const auto events = block_index == 250 ? bypass_event(false) : std::vector<std::byte>{};
        const auto expected = original.through(frame_count, events);
        REQUIRE(are_identical(other.through(frame_count, events), expected));
        all.insert(all.end(), expected.begin(), expected.end());
    }
    CHECK(std::count(all.begin(), all.end(), 0.0F) == 0);  // silence would prove nothing
}

}  // namespace

TEST_SUITE("sdk/checkpoint")
{
    TEST_CASE("a processor without checkpoints makes a lane without them")
    {
        Lane<test::Wire> lane;
        CHECK(lane.runner().checkpoint_bytes() == 0);
        lane.ask(1);
        static_cast<void>(lane.through());
        CHECK(!lane.runner().write_checkpoint_if_wanted());
    }

    TEST_CASE("a table that can save but not restore counts as without checkpoints")
    {
        ob_processor_class kind = *processor_class<test::Echo<0>>();
        SUBCASE("no save")
        {
            kind.save_checkpoint = nullptr;
        }
        SUBCASE("no restore")
        {
            kind.restore_checkpoint = nullptr;
        }
        SUBCASE("no size")
        {
            kind.checkpoint_bytes = nullptr;
        }
        SUBCASE("longer than any may be")
        {
            kind.checkpoint_bytes = [](const void*) -> std::size_t {
                return link::checkpoint_bytes_max + 1;
            };
        }
        SUBCASE("beyond all bounds")
        {
            kind.checkpoint_bytes = [](const void*) { return ~std::size_t{0}; };
        }
        const ob_prepare_info format{48'000.0, max_frame_count, 2, 2};
        const auto instance = service::ProcessorInstance::make(kind, format, {});
        REQUIRE(instance);
        CHECK(service::lane_checkpoint_bytes(**instance, service::DryPath{format, 0}) == 0);
    }

    TEST_CASE("without a request nothing is written")
    {
        EchoLane lane;
        CHECK(!lane.runner().write_checkpoint_if_wanted());
        CHECK(lane.area().published.load() == 0);
    }

    TEST_CASE("before its first block a lane has nothing to tell")
    {
        Lane<test::Echo<0>> lane;
        lane.make_area();
        lane.ask(1);
        CHECK(!lane.runner().write_checkpoint_if_wanted());
        static_cast<void>(lane.through());
        CHECK(lane.runner().write_checkpoint_if_wanted());
        CHECK(lane.area().headers[1].sequence == first_sequence);
    }

    TEST_CASE("a request is answered once, with block, size and hash")
    {
        EchoLane lane;
        const auto state = lane.checkpoint(1);
        const link::CheckpointHeader header = lane.area().headers[1];
        CHECK(header.sequence == first_sequence);
        CHECK(header.size_bytes == lane.runner().checkpoint_bytes());
        CHECK(header.hash == rt::word_hash(state, first_sequence));
        CHECK(header.hash != rt::word_hash(state, first_sequence + 1));
        CHECK(header.reserved == 0);

        static_cast<void>(lane.through());
        CHECK(!lane.runner().write_checkpoint_if_wanted());
        CHECK(lane.state(1) == state);
    }

    TEST_CASE("requests alternate between the halves, and the other half stays whole")
    {
        EchoLane lane;
        auto previous = lane.checkpoint(1);
        for (std::uint64_t number = 2; number < 10; ++number) {
            CAPTURE(number);
            const link::CheckpointHeader kept = lane.area().headers[(number - 1) % 2];
            static_cast<void>(lane.through());
            auto state = lane.checkpoint(number);
            CHECK(lane.area().headers[number % 2].sequence == first_sequence + number - 1);
            CHECK(lane.area().headers[(number - 1) % 2].hash == kept.hash);
            CHECK(lane.state(number - 1) == previous);
            CHECK(state != previous);
            previous = std::move(state);
        }
    }

    TEST_CASE("of several requests only the newest is answered, whatever its number")
    {
        EchoLane lane;
        lane.ask(1);
        lane.ask(2);
        lane.ask(5);
        CHECK(lane.runner().write_checkpoint_if_wanted());
        CHECK(lane.area().published.load() == 5);
        CHECK(lane.area().headers[0].size_bytes == 0);
        CHECK(!lane.runner().write_checkpoint_if_wanted());
        static_cast<void>(lane.checkpoint(std::numeric_limits<std::uint64_t>::max()));
    }

    TEST_CASE("while the bypass fades, a checkpoint waits")
    {
        EchoLane lane;
        lane.ask(1);
        static_cast<void>(lane.through(32, bypass_event(true)));
        CHECK(!lane.runner().write_checkpoint_if_wanted());
        static_cast<void>(lane.through(31));
        CHECK(!lane.runner().write_checkpoint_if_wanted());
        CHECK(lane.area().published.load() == 0);
        static_cast<void>(lane.through(1));
        CHECK(lane.runner().write_checkpoint_if_wanted());
        CHECK(lane.area().headers[1].sequence == first_sequence + 3);
    }

    TEST_CASE("while a state fades in, a checkpoint waits")
    {
        EchoLane lane;
        lane.ask(1);
        lane.runner().states().stage(std::make_unique<service::InstanceNode>(
            3, make_instance<test::Echo<0>>(test::echo_state(2.0F))));
        static_cast<void>(lane.through(63, activate_event(3)));
        CHECK(!lane.runner().write_checkpoint_if_wanted());
        static_cast<void>(lane.through(1));
        CHECK(lane.runner().write_checkpoint_if_wanted());
        CHECK(lane.area().headers[1].sequence == first_sequence + 2);
    }

    TEST_CASE_TEMPLATE("a restored lane goes on bit for bit", Kind, test::Echo<0>, test::Echo<1>,
                       test::Echo<100>, test::Echo<1'000>)
    {
        for (const std::uint32_t frame_count : {1U, 37U, 64U}) {
            CAPTURE(frame_count);
            const std::array parameters{feedback_event(0.97)};
            Lane<Kind> lane{parameters};
            lane.make_area();
            stream(lane, frame_count, 500 * max_frame_count);
            SUBCASE("as it is") {}
            SUBCASE("while it is bypassed")
            {
                static_cast<void>(lane.through(frame_count, bypass_event(true)));
                stream(lane, frame_count, 2'000);
            }
            SUBCASE("after another state was activated")
            {
                lane.runner().states().stage(std::make_unique<service::InstanceNode>(
                    3, make_instance<Kind>(test::echo_state(0.5F))));
                static_cast<void>(lane.through(frame_count, activate_event(3)));
                stream(lane, frame_count, 2'000);
            }
            check_goes_on_identically(lane, frame_count);
        }
    }

    TEST_CASE("a restored lane can tell at once what it was given")
    {
        EchoLane lane;
        const auto state = lane.checkpoint(1);
        Lane<test::Echo<0>> other;
        REQUIRE(other.runner().restore(state, first_sequence));
        other.make_area();
        CHECK(other.checkpoint(1) == state);
        CHECK(other.area().headers[1].sequence == first_sequence);
    }

    TEST_CASE("what cannot be a checkpoint of the lane is refused")
    {
        Lane<test::Echo<100>> original;
        original.make_area();
        static_cast<void>(original.through());
        auto state = original.checkpoint(1);
        const std::size_t mark_offset =
            state.size() - 2 * 100 * sizeof(float) - sizeof(service::LaneMark);
        service::LaneMark mark{};
        std::memcpy(&mark, &state[mark_offset], sizeof(mark));
        REQUIRE(mark.is_bypassed == 0);
        REQUIRE(mark.latency_frames == 100);

        SUBCASE("zeros")
        {
            std::fill(state.begin(), state.end(), std::byte{0});
        }
        SUBCASE("ones")
        {
            std::fill(state.begin(), state.end(), std::byte{0xff});
        }
        SUBCASE("the processor does not know it")
        {
            state.front() ^= std::byte{1};
        }
        SUBCASE("a bypass that is neither on nor off")
        {
            mark.is_bypassed = 2;
        }
        SUBCASE("another latency")
        {
            mark.latency_frames = 99;
        }
        if (mark.is_bypassed != 0 || mark.latency_frames != 100)
            std::memcpy(&state[mark_offset], &mark, sizeof(mark));

        Lane<test::Echo<100>> other;
        CHECK(!other.runner().restore(state, first_sequence));
    }

    TEST_CASE("a checkpoint is written without an allocation [rt]")
    {
        Lane<test::Echo<1'000>> lane;
        lane.make_area();
        static_cast<void>(lane.through());
        lane.ask(1);
        const test::NoAllocScope scope;
        const bool was_written = lane.runner().write_checkpoint_if_wanted();
        const bool was_written_again = lane.runner().write_checkpoint_if_wanted();
        const auto violations = scope.violations();
        CHECK(was_written);
        CHECK(!was_written_again);
        CHECK(violations == 0);
    }
}
