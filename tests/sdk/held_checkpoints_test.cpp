// SPDX-License-Identifier: MIT

#include "sdk/src/host/held_checkpoints.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

using namespace outboard::host;

namespace {

constexpr std::uint64_t history_units = 800;
constexpr std::uint64_t ms_ns = 1'000'000;
constexpr std::uint64_t cost_ns = 10'000;

[[nodiscard]] Checkpoint checkpoint_after(std::uint64_t sequence)
{
    return {.sequence = sequence, .state = std::vector<std::byte>(8)};
}

[[nodiscard]] HeldCheckpoints held_at(ob_pace pace)
{
    return HeldCheckpoints{{.pace = pace, .history_units = history_units}};
}

/// The unit after which a newcomer would go on; ~0 for none.
[[nodiscard]] std::uint64_t restored_sequence(const HeldCheckpoints& held, std::uint64_t unit_count)
{
    const auto point = held.restore_point(unit_count);
    if (!point || point->checkpoint == nullptr)
        return ~std::uint64_t{0};
    CHECK(point->first_sequence == point->checkpoint->sequence + 1);
    return point->checkpoint->sequence;
}

}  // namespace

TEST_SUITE("sdk/held_checkpoints")
{
    TEST_CASE("without a checkpoint the stream's start is one, as long as the history reaches it")
    {
        const auto held = held_at(OB_PACE_FREE);
        const auto point = held.restore_point(history_units - 1);
        REQUIRE(point);
        CHECK(point->first_sequence == 0);
        CHECK(point->checkpoint == nullptr);
        CHECK(!held.restore_point(history_units));
        CHECK(held.keep_from() == 0);
    }

    TEST_CASE("a checkpoint is good once later units have come out finite")
    {
        auto held = held_at(OB_PACE_REALTIME);
        held.add(checkpoint_after(100), cost_ns, ms_ns);
        held.note_finite(101);
        CHECK(held.restore_point(102)->checkpoint == nullptr);
        held.note_finite(103);
        CHECK(restored_sequence(held, 103) == 100);
        CHECK(held.usable_count(103) == 1);
    }

    TEST_CASE("the last two good ones are kept, and the newest is used")
    {
        auto held = held_at(OB_PACE_FREE);
        for (const std::uint64_t sequence : {100, 200, 300}) {
            held.add(checkpoint_after(sequence), cost_ns, ms_ns);
            held.note_finite(sequence + 3);
        }
        CHECK(restored_sequence(held, 310) == 300);
        CHECK(held.keep_from() == 201);
        CHECK(held.usable_count(310) == 2);
        held.drop_newest();
        CHECK(restored_sequence(held, 310) == 200);
        held.drop_newest();
        CHECK(!held.restore_point(310));
    }

    TEST_CASE("one that the history does not reach is not used")
    {
        auto held = held_at(OB_PACE_REALTIME);
        held.add(checkpoint_after(100), cost_ns, ms_ns);
        held.note_finite(103);
        CHECK(restored_sequence(held, 100 + history_units) == 100);
        CHECK(!held.restore_point(101 + history_units));
        CHECK(held.usable_count(101 + history_units) == 0);
    }

    TEST_CASE("what was taken before a block that was not finite is not used")
    {
        auto held = held_at(OB_PACE_FREE);
        held.add(checkpoint_after(100), cost_ns, ms_ns);
        held.note_finite(103);
        held.add(checkpoint_after(200), cost_ns, ms_ns);
        held.distrust_taken();
        held.note_finite(203);
        CHECK(restored_sequence(held, 203) == 100);
    }

    TEST_CASE("another state makes the older ones useless, and those that come late")
    {
        auto held = held_at(OB_PACE_FREE);
        held.add(checkpoint_after(100), cost_ns, ms_ns);
        held.note_finite(103);
        held.clear(150);
        CHECK(!held.restore_point(150));
        CHECK(held.keep_from() == 150);
        held.add(checkpoint_after(140), cost_ns, ms_ns);
        held.note_finite(160);
        CHECK(!held.restore_point(160));
        held.add(checkpoint_after(155), cost_ns, ms_ns);
        held.note_finite(160);
        CHECK(restored_sequence(held, 160) == 155);
    }

    TEST_CASE("a stream that stands still gives up the older ones for the newest")
    {
        auto held = held_at(OB_PACE_FREE);
        held.make_room();
        CHECK(held.keep_from() == 0);
        held.add(checkpoint_after(700), cost_ns, ms_ns);
        CHECK(held.keep_from() == 0);
        held.make_room();
        CHECK(held.keep_from() == 701);
        CHECK(restored_sequence(held, 702) == 700);
    }

    TEST_CASE("at free pace they are fetched by units, several to a history")
    {
        auto held = held_at(OB_PACE_FREE);
        CHECK(!held.is_due(history_units / 8, 0));
        CHECK(held.is_due(history_units / 8 + 1, 0));
        held.add(checkpoint_after(history_units / 8), cost_ns, ms_ns);
        CHECK(!held.is_due(history_units / 4, 1000 * ms_ns));
        CHECK(held.is_due(history_units / 4 + 1, ms_ns));
    }

    TEST_CASE("in real time they are fetched by the clock, the dearer the more seldom")
    {
        auto held = held_at(OB_PACE_REALTIME);
        held.add(checkpoint_after(10), cost_ns, ms_ns);
        CHECK(!held.is_due(100, 100 * ms_ns));
        CHECK(held.is_due(100, 101 * ms_ns));
        CHECK(!held.is_due(11, 101 * ms_ns));  // nothing was posted since

        auto dear = held_at(OB_PACE_REALTIME);
        dear.add(checkpoint_after(10), ms_ns, ms_ns);
        CHECK(!dear.is_due(100, 200 * ms_ns));
        CHECK(dear.is_due(100, 201 * ms_ns));
    }
    TEST_CASE("in real time their age can be bounded, as far as copying is cheap")
    {
        auto held = held_at(OB_PACE_REALTIME);
        held.set_interval_ns(5 * ms_ns);
        held.add(checkpoint_after(10), cost_ns, ms_ns);
        CHECK(held.due_ns() == 6 * ms_ns);
        CHECK(!held.is_due(100, 6 * ms_ns - 1));
        CHECK(held.is_due(100, 6 * ms_ns));

        auto dear = held_at(OB_PACE_REALTIME);
        dear.set_interval_ns(5 * ms_ns);
        dear.add(checkpoint_after(10), ms_ns, ms_ns);
        CHECK(dear.due_ns() == 201 * ms_ns);
    }
}
