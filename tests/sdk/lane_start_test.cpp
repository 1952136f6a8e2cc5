// SPDX-License-Identifier: MIT
//
// StartLane: memory for checkpoints, and what a lane goes on from.

#include "rt/os/socket.hpp"
#include "sdk/src/link/checkpoint_area.hpp"
#include "tests/sdk/attached_link.hpp"

#include <doctest/doctest.h>
#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

using namespace outboard;
using test::AttachedLink;
using test::failure;

namespace {

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

constexpr std::uint64_t block_count = 300;

[[nodiscard]] float input_of(std::uint64_t sequence)
{
    return 0.1F + 0.001F * static_cast<float>(sequence);
}

/// A stream of `block_count` blocks through an echo, and a checkpoint from its middle.
struct Original {
    static constexpr std::uint64_t asked_at = 50;

    Original()
        : state_bytes(
              link.add_lane(0, "echo", {wire::ParameterValue{test::feedback_parameter, 0.9}})),
          area(link::checkpoint_area_bytes(state_bytes))
    {
        const auto started = link.ask(start_message(link::checkpoint_area_bytes(state_bytes), 0),
                                      {area.memory.get()});
        REQUIRE(started.body.AsLaneStarted() != nullptr);
        // From here on nobody can map it writable; the service's mapping stays so.
        REQUIRE(rt::os::seal(area.memory));
        auto lane = link.memory().lane(0);
        for (std::uint64_t sequence = 0; sequence < block_count; ++sequence) {
            if (sequence == asked_at)
                link.words(0).checkpoint_wanted.store(3, std::memory_order_release);
            expected.push_back(link.through(lane, sequence, input_of(sequence)));
        }
        const auto& words = *reinterpret_cast<const link::CheckpointArea*>(area.mapping.data());
        REQUIRE(wait_for_checkpoint(words, 3));
        header = words.headers[1];
        REQUIRE(header.size_bytes == state_bytes);
    }

    [[nodiscard]] std::span<const std::byte> state() const
    {
        return {area.mapping.data() + link::checkpoint_offset(3, state_bytes), state_bytes};
    }
    /// What a host sends along with StartLane.
    [[nodiscard]] SharedBytes sealed_state() const
    {
        SharedBytes sealed{state_bytes};
        std::copy(state().begin(), state().end(), sealed.mapping.data());
        REQUIRE(rt::os::seal(sealed.memory));
        return sealed;
    }
    [[nodiscard]] wire::StartLaneT restore_message(std::uint64_t area_bytes) const
    {
        auto request = start_message(area_bytes, state_bytes);
        request.restore_sequence = header.sequence;
        return request;
    }

    AttachedLink link;
    std::size_t state_bytes;
    SharedBytes area;
    std::vector<std::vector<float>> expected;
    link::CheckpointHeader header{};
};

/// Streams what came after the checkpoint once more.
void check_goes_on(AttachedLink& successor, link::HostLane& lane, const Original& original)
{
    for (std::uint64_t sequence = original.header.sequence + 1; sequence < block_count; ++sequence)
        CHECK(successor.through(lane, sequence, input_of(sequence)) == original.expected[sequence]);
    CHECK(original.expected.back().back() > 1.0F);  // it is not silence that was compared
}

}  // namespace

TEST_SUITE("sdk/lane_start")
{
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
        const Original original;
        // The block before, when the DSP thread saw the request right behind its answer.
        CHECK(original.header.sequence + 1 >= Original::asked_at);
        CHECK(original.header.sequence <= Original::asked_at);
        CHECK(original.header.hash == rt::word_hash(original.state(), original.header.sequence));

        const SharedBytes restore = original.sealed_state();
        AttachedLink successor;
        // Parameters of AddLane would undo those of the checkpoint.
        CHECK(
            successor.add_lane(0, "echo", {wire::ParameterValue{test::feedback_parameter, 0.0}}) ==
            original.state_bytes);
        const std::size_t area_bytes = link::checkpoint_area_bytes(original.state_bytes);
        const SharedBytes area{area_bytes};
        const auto restored = successor.ask(original.restore_message(area_bytes),
                                            {area.memory.get(), restore.memory.get()});
        REQUIRE(restored.body.AsLaneStarted() != nullptr);
        auto lane = successor.memory().lane(0);
        check_goes_on(successor, lane, original);
    }

    TEST_CASE("a lane that streams goes back to a checkpoint, as often as it is told")
    {
        const Original original;
        const SharedBytes restore = original.sealed_state();
        AttachedLink reserve;
        REQUIRE(reserve.add_lane(0) == original.state_bytes);
        const std::size_t area_bytes = link::checkpoint_area_bytes(original.state_bytes);
        const SharedBytes area{area_bytes};
        REQUIRE(
            reserve.ask(start_message(area_bytes, 0), {area.memory.get()}).body.AsLaneStarted() !=
            nullptr);
        auto lane = reserve.memory().lane(0);
        static_cast<void>(reserve.through(lane, 0, 7.0F));  // it has a past of its own
        for (int time = 0; time < 3; ++time) {
            const auto restored = reserve.ask(original.restore_message(0), {restore.memory.get()});
            REQUIRE(restored.body.AsLaneStarted() != nullptr);
            check_goes_on(reserve, lane, original);
        }
        // Its checkpoints still go where they went.
        reserve.words(0).checkpoint_wanted.store(1, std::memory_order_release);
        rt::ring(reserve.memory().bells().request);
        const auto& words = *reinterpret_cast<const link::CheckpointArea*>(area.mapping.data());
        REQUIRE(wait_for_checkpoint(words, 1));
        CHECK(words.headers[1].sequence == block_count - 1);
    }

    TEST_CASE("a lane that streams is not given another area")
    {
        const Original original;
        const SharedBytes restore = original.sealed_state();
        AttachedLink reserve;
        REQUIRE(reserve.add_lane(0) == original.state_bytes);
        reserve.start_lane(0);
        const std::size_t area_bytes = link::checkpoint_area_bytes(original.state_bytes);
        const SharedBytes area{area_bytes};
        const auto message = reserve.ask(original.restore_message(area_bytes),
                                         {area.memory.get(), restore.memory.get()});
        REQUIRE(failure(message) != nullptr);
        CHECK(failure(message)->status == OB_ERR_PROTOCOL);
        static_cast<void>(reserve.through(0, 0, 1.0F));
    }

    TEST_CASE(
        "a lane that streams and is given no checkpoint of its kind is gone, and can be added")
    {
        AttachedLink reserve;
        const std::size_t state_bytes = reserve.add_lane(0);
        reserve.start_lane(0);
        static_cast<void>(reserve.through(0, 0, 1.0F));
        const SharedBytes garbage{state_bytes};
        std::fill_n(garbage.mapping.data(), state_bytes, std::byte{0x5a});
        const auto message = reserve.ask(start_message(0, state_bytes), {garbage.memory.get()});
        REQUIRE(failure(message) != nullptr);
        CHECK(failure(message)->status == OB_ERR_REFUSED);
        CHECK(reserve.add_lane(0) == state_bytes);
    }
}
