// SPDX-License-Identifier: MIT

#include "sdk/src/service/service_link.hpp"
#include "rt/os/scheduling.hpp"
#include "rt/os/socket.hpp"
#include "sdk/src/link/checkpoint_area.hpp"
#include "tests/sdk/echo_processor.hpp"
#include "tests/sdk/link_fixture.hpp"

#include <doctest/doctest.h>
#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

using namespace outboard;

namespace {

constexpr std::uint32_t caller = 2;
constexpr std::uint32_t frame_count = 64;
/// Longer than a spinning DSP thread takes for a block, shorter than anybody is patient.
constexpr std::uint64_t ns_of_a_look = 200'000;

/// Its checkpoints are longer than a page.
using Echo = test::Echo<600>;

/// Breaks its word: the size of its checkpoints follows from its state.
class Growing : public test::Wire {
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
const wire::FailedT* failure(const link::ControlMessage& message)
{
    return message.body.AsFailed();
}

service::ProcessorCatalog make_catalog()
{
    const std::array classes{processor_class<Echo>(), processor_class<test::Wire>(),
                             processor_class<Growing>()};
    auto catalog = service::ProcessorCatalog::make(classes);
    REQUIRE(catalog);
    return *std::move(catalog);
}

/// Shared memory with the host's mapping of it.
struct SharedBytes {
    explicit SharedBytes(std::size_t size_bytes)
    {
        auto created = rt::os::create_shared_memory("test", size_bytes);
        REQUIRE(created);
        memory = *std::move(created);
        auto mapped = rt::os::map_shared(memory, size_bytes, rt::os::Access::read_write);
        REQUIRE(mapped);
        mapping = *std::move(mapped);
    }
    rt::os::UniqueHandle memory;
    rt::os::Mapping mapping;
};

/// A link whose control thread is the test's and whose DSP thread is its own. Two lanes.
class AttachedLink {
public:
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
    ~AttachedLink() { CHECK(link_->shut_down(test::answer_deadline_ns())); }

    template <typename Table>
    link::ControlMessage ask(Table message, const std::vector<int>& handles = {})
    {
        REQUIRE(channel_.send(std::move(message), handles));
        REQUIRE(link_->handle_messages() == service::LinkState::open);
        return test::next_message(channel_);
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
        test::post_block(lane, sequence, frame_count, value, {}, caller);
        rt::ring(memory_.bells().request);
        return take(lane, sequence);
    }
    std::vector<float> take(link::HostLane& lane, std::uint64_t sequence)
    {
        REQUIRE(test::wait_for_answer(lane, memory_.bells(), caller));
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
    [[nodiscard]] test::HostMemory& memory() { return memory_; }

private:
    test::HostMemory memory_;
    service::ProcessorCatalog catalog_;
    service::LinkOptions options_{.service_name = "test"};
    link::ControlChannel channel_;
    std::unique_ptr<service::ServiceLink> link_;
};

/// Waits until the area holds the answer to a request.
bool wait_for_checkpoint(const link::CheckpointArea& area, std::uint64_t number)
{
    const std::uint64_t deadline_ns = test::answer_deadline_ns();
    // acquire (D), pairs with the release of the service.
    while (area.published.load(std::memory_order_acquire) != number) {
        if (rt::os::monotonic_ns() > deadline_ns)
            return false;
        rt::os::sleep_until_ns(rt::os::monotonic_ns() + 100'000);
    }
    return true;
}

wire::StartLaneT start_message(std::uint64_t area_bytes, std::uint64_t restore_bytes)
{
    wire::StartLaneT request;
    request.checkpoint_area_bytes = area_bytes;
    request.restore_bytes = restore_bytes;
    request.restore_sequence = 77;
    return request;
}

}  // namespace

TEST_SUITE("sdk/service_link")
{
    TEST_CASE("a lane that was added takes no block before it is started")
    {
        AttachedLink link;
        static_cast<void>(link.add_lane(0, "wire"));
        static_cast<void>(link.add_lane(1, "wire"));
        link.start_lane(1);
        auto waiting = link.memory().lane(0);
        auto running = link.memory().lane(1);
        test::post_block(waiting, 10, frame_count, 0.25F, {}, caller);
        for (std::uint64_t sequence = 0; sequence < 20; ++sequence)
            CHECK(link.through(running, sequence, 0.5F)[0] == 0.5F);
        CHECK(waiting.output().poll() == rt::RingStatus::empty);

        link.start_lane(0);
        CHECK(link.take(waiting, 10)[0] == 0.25F);
    }

    TEST_CASE("a DSP thread that may spin takes blocks that nobody rang for")
    {
        const auto cpus = rt::os::thread_cpus(0);
        if (!cpus || cpus->size() < 2)
            return;  // who posts and who spins would take turns
        constexpr std::uint32_t spin_us = 20;
        AttachedLink link{spin_us, {cpus->back()}};
        REQUIRE(rt::os::set_thread_cpus(0, {cpus->front()}));
        static_cast<void>(link.add_lane(0, "wire"));
        link.start_lane(0);
        auto lane = link.memory().lane(0);
        const std::uint64_t deadline_ns = test::answer_deadline_ns();
        std::uint64_t sequence = 0;
        // Whether it is answered soon. We spin as well: a sleep would outlast its spin.
        const auto answers_soon = [&](bool is_rung) {
            test::post_block(lane, sequence, frame_count, 0.5F, {}, caller);
            if (is_rung)
                rt::ring(link.memory().bells().request);
            return rt::spin_until(ns_of_a_look, deadline_ns,
                                  [&] { return lane.output().poll() == rt::RingStatus::ok; });
        };
        // Without a spin it happens too, once in hundreds: when the thread was held up on its way.
        constexpr int round_count = 50;
        int unrung_count = 0;
        for (int round = 0; round < round_count && rt::os::monotonic_ns() < deadline_ns; ++round) {
            for (int block = 0; block < 50; ++block) {
                static_cast<void>(answers_soon(true));
                static_cast<void>(link.take(lane, sequence++));
            }
            // Without the spin it would be asleep by then.
            const std::uint64_t post_at_ns = rt::os::monotonic_ns() + spin_us * 1'000 / 4;
            while (rt::os::monotonic_ns() < post_at_ns)
                rt::spin_pause();
            unrung_count += answers_soon(false) ? 1 : 0;
            rt::ring(link.memory().bells().request);
            static_cast<void>(link.take(lane, sequence++));
        }
        CHECK(unrung_count >= round_count / 10);
        CHECK(rt::os::set_thread_cpus(0, *cpus));
    }

    TEST_CASE("a spin without bound is not granted")
    {
        AttachedLink link{0xffffffffU};
        static_cast<void>(link.add_lane(0, "wire"));
        link.start_lane(0);
        static_cast<void>(link.through(0, 0, 0.5F));
        const auto& asleep = link.memory().bells().request.asleep;
        const std::uint64_t deadline_ns = test::answer_deadline_ns();
        while (asleep.load(std::memory_order_relaxed) == 0 && rt::os::monotonic_ns() < deadline_ns)
            rt::os::sleep_until_ns(rt::os::monotonic_ns() + 100'000);
        CHECK(asleep.load(std::memory_order_relaxed) != 0);
    }

    TEST_CASE("a lane is started once, and only when it is there")
    {
        AttachedLink link;
        static_cast<void>(link.add_lane(0));
        link.start_lane(0);
        std::uint32_t lane = 0;
        SUBCASE("a second time") {}
        SUBCASE("never added")
        {
            lane = 1;
        }
        SUBCASE("beyond the last")
        {
            lane = 2;
        }
        SUBCASE("beyond all bounds")
        {
            lane = 0xffffffffU;
        }
        wire::StartLaneT request;
        request.lane = lane;
        const auto message = link.ask(request);
        REQUIRE(failure(message) != nullptr);
        CHECK(failure(message)->request == 0);
        CHECK(failure(message)->status == OB_ERR_PROTOCOL);
        static_cast<void>(link.through(0, 0, 1.0F));
    }

    TEST_CASE("sizes and handles that do not fit are refused, and the lane can still be started")
    {
        AttachedLink link;
        const std::size_t state_bytes = link.add_lane(0);
        REQUIRE(state_bytes != 0);
        const std::size_t area_bytes = link::checkpoint_area_bytes(state_bytes);
        SharedBytes area{area_bytes};
        SharedBytes restore{state_bytes};
        SharedBytes short_memory{1};
        const int area_handle = area.memory.get();
        const int restore_handle = restore.memory.get();

        wire::StartLaneT request;
        std::vector<int> handles{area_handle};
        SUBCASE("an area that is too short")
        {
            request = start_message(area_bytes - 1, 0);
        }
        SUBCASE("an area that is too long")
        {
            request = start_message(area_bytes + 64, 0);
        }
        SUBCASE("an area beyond all bounds")
        {
            request = start_message(~std::uint64_t{0}, 0);
        }
        SUBCASE("a checkpoint that is too short")
        {
            request = start_message(area_bytes, state_bytes - 1);
            handles.push_back(restore_handle);
        }
        SUBCASE("a checkpoint that is too long")
        {
            request = start_message(0, state_bytes + 1);
            handles = {restore_handle};
        }
        SUBCASE("no handle for the area")
        {
            request = start_message(area_bytes, 0);
            handles.clear();
        }
        SUBCASE("one handle for two")
        {
            request = start_message(area_bytes, state_bytes);
        }
        SUBCASE("a handle for nothing")
        {
            request = start_message(0, 0);
        }
        SUBCASE("two handles for one")
        {
            request = start_message(area_bytes, 0);
            handles.push_back(restore_handle);
        }
        SUBCASE("an area whose memory is shorter than it says")
        {
            request = start_message(area_bytes, 0);
            handles = {short_memory.memory.get()};
        }
        SUBCASE("a checkpoint whose memory is shorter than it says")
        {
            request = start_message(area_bytes, state_bytes);
            handles.push_back(short_memory.memory.get());
        }
        SUBCASE("a handle that is no memory")
        {
            auto ends = rt::os::socket_pair();
            REQUIRE(ends);
            const auto message = link.ask(start_message(area_bytes, 0), {ends->first.get()});
            CHECK(failure(message) != nullptr);
            request = start_message(area_bytes - 1, 0);
        }
        const auto message = link.ask(request, handles);
        REQUIRE(failure(message) != nullptr);
        CHECK(failure(message)->request == 0);
        CHECK(failure(message)->status < 0);
        CHECK(!failure(message)->message.empty());

        const auto started = link.ask(start_message(area_bytes, 0), {area_handle});
        CHECK(started.body.AsLaneStarted() != nullptr);
        static_cast<void>(link.through(0, 0, 1.0F));
    }

    TEST_CASE("a processor without checkpoints takes none and starts without an area")
    {
        AttachedLink link;
        CHECK(link.add_lane(0, "wire") == 0);
        const SharedBytes memory{link::checkpoint_area_bytes(0)};
        const std::vector<int> handles{memory.memory.get()};
        CHECK(failure(link.ask(start_message(link::checkpoint_area_bytes(0), 0), handles)) !=
              nullptr);
        CHECK(failure(link.ask(start_message(0, 1), handles)) != nullptr);
        link.start_lane(0);
        CHECK(link.through(0, 0, 0.5F)[0] == 0.5F);
    }

    TEST_CASE("bytes that are no checkpoint are refused, and the lane is free again")
    {
        AttachedLink link;
        const std::size_t state_bytes = link.add_lane(0);
        const SharedBytes garbage{state_bytes};
        std::fill_n(garbage.mapping.data(), state_bytes, std::byte{0x5a});
        const auto message = link.ask(start_message(0, state_bytes), {garbage.memory.get()});
        REQUIRE(failure(message) != nullptr);
        CHECK(failure(message)->status == OB_ERR_REFUSED);
        CHECK(failure(message)->message.find("77") != std::string::npos);

        CHECK(link.add_lane(0) == state_bytes);
        link.start_lane(0);
        static_cast<void>(link.through(0, 0, 1.0F));
    }

    TEST_CASE("a state that would outgrow the checkpoint area is refused")
    {
        AttachedLink link;
        REQUIRE(link.add_lane(0, "growing") != 0);
        link.start_lane(0);
        wire::LoadStateT load;
        load.request = 5;
        load.state.resize(8);
        CHECK(link.ask(load).body.AsStateLoaded() != nullptr);
        load.state.resize(9);
        const auto message = link.ask(load);
        REQUIRE(failure(message) != nullptr);
        CHECK(failure(message)->request == 5);
        CHECK(failure(message)->status == OB_ERR_REFUSED);
    }

    TEST_CASE("a checkpoint is written in a pause of the stream as well")
    {
        AttachedLink link;
        const std::size_t state_bytes = link.add_lane(0);
        const std::size_t area_bytes = link::checkpoint_area_bytes(state_bytes);
        const SharedBytes area{area_bytes};
        const auto started = link.ask(start_message(area_bytes, 0), {area.memory.get()});
        REQUIRE(started.body.AsLaneStarted() != nullptr);
        static_cast<void>(link.through(0, 40, 1.0F));
        const auto& words = *reinterpret_cast<const link::CheckpointArea*>(area.mapping.data());
        for (std::uint64_t number = 1; number < 5; ++number) {
            link.words(0).checkpoint_wanted.store(number, std::memory_order_release);
            rt::ring(link.memory().bells().request);
            REQUIRE(wait_for_checkpoint(words, number));
            CHECK(words.headers[number % 2].sequence == 40);
        }
    }

    TEST_CASE("a lane goes on from the checkpoint of another, through sealed memory")
    {
        constexpr std::uint64_t asked_at = 50;
        constexpr std::uint64_t block_count = 300;
        const auto input_of = [](std::uint64_t sequence) {
            return 0.1F + 0.001F * static_cast<float>(sequence);
        };
        AttachedLink original;
        const std::size_t state_bytes =
            original.add_lane(0, "echo", {wire::ParameterValue{test::feedback_parameter, 0.9}});
        const std::size_t area_bytes = link::checkpoint_area_bytes(state_bytes);
        const SharedBytes area{area_bytes};
        const auto started = original.ask(start_message(area_bytes, 0), {area.memory.get()});
        REQUIRE(started.body.AsLaneStarted() != nullptr);
        // From here on nobody can map it writable; the service's mapping stays so.
        REQUIRE(rt::os::seal(area.memory));

        auto left = original.memory().lane(0);
        std::vector<std::vector<float>> expected;
        for (std::uint64_t sequence = 0; sequence < block_count; ++sequence) {
            if (sequence == asked_at)
                original.words(0).checkpoint_wanted.store(3, std::memory_order_release);
            expected.push_back(original.through(left, sequence, input_of(sequence)));
        }
        const auto& words = *reinterpret_cast<const link::CheckpointArea*>(area.mapping.data());
        REQUIRE(wait_for_checkpoint(words, 3));
        const link::CheckpointHeader header = words.headers[1];
        // The block before, when the DSP thread saw the request right behind its answer.
        CHECK(header.sequence + 1 >= asked_at);
        CHECK(header.sequence <= asked_at);
        REQUIRE(header.size_bytes == state_bytes);
        const std::span state{area.mapping.data() + link::checkpoint_offset(3, state_bytes),
                              state_bytes};
        CHECK(header.hash == rt::word_hash(state, header.sequence));

        const SharedBytes restore{state_bytes};
        std::copy(state.begin(), state.end(), restore.mapping.data());
        REQUIRE(rt::os::seal(restore.memory));
        AttachedLink successor;
        // Parameters of AddLane would undo those of the checkpoint.
        CHECK(successor.add_lane(
                  0, "echo", {wire::ParameterValue{test::feedback_parameter, 0.0}}) == state_bytes);
        const SharedBytes other_area{area_bytes};
        auto request = start_message(area_bytes, state_bytes);
        request.restore_sequence = header.sequence;
        const auto restored =
            successor.ask(request, {other_area.memory.get(), restore.memory.get()});
        REQUIRE(restored.body.AsLaneStarted() != nullptr);

        auto right = successor.memory().lane(0);
        for (std::uint64_t sequence = header.sequence + 1; sequence < block_count; ++sequence)
            CHECK(successor.through(right, sequence, input_of(sequence)) == expected[sequence]);
        CHECK(expected.back().back() > 1.0F);  // it is not silence that was compared
    }
}
