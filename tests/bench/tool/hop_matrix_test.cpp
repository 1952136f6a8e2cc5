// SPDX-License-Identifier: MIT

#include "bench/tool/hop_matrix.hpp"
#include "bench/tool/failure.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>

using namespace outboard::bench;

namespace {

[[nodiscard]] Machine machine(std::size_t cpu_count, bool may_be_fifo)
{
    Machine made;
    for (std::size_t cpu = 0; cpu < cpu_count; ++cpu)
        made.cpus.push_back(static_cast<int>(cpu));
    made.may_be_fifo = may_be_fifo;
    return made;
}

}  // namespace

TEST_SUITE("bench/tool_hop_matrix")
{
    TEST_CASE("the default is all combinations that make sense, each once")
    {
        const auto cells = make_cells({}, machine(2, true), false);
        std::set<std::string> names;
        for (const HopCell& cell : cells) {
            names.insert(cell.name());
            CHECK_FALSE((cell.spins && cell.placement == OB_PLACEMENT_SAME));
        }
        CHECK(names.size() == cells.size());
        CHECK(cells.size() == 2 * 2 * 3 * 2 * 2);  // block, mode, placement and spin, class, pace
    }

    TEST_CASE("what the machine cannot do is not among the defaults")
    {
        for (const HopCell& cell : make_cells({}, machine(1, false), false)) {
            CHECK_FALSE(cell.is_fifo);
            CHECK(cell.placement == OB_PLACEMENT_SAME);
        }
    }

    TEST_CASE("what the machine cannot do is refused where it was asked for")
    {
        HopLists fifo;
        fifo.classes = {"fifo"};
        CHECK_THROWS_AS(static_cast<void>(make_cells(fifo, machine(2, false), true)), Failure);
        HopLists other;
        other.placements = {"other"};
        CHECK_THROWS_AS(static_cast<void>(make_cells(other, machine(1, true), true)), Failure);
    }

    TEST_CASE("a matrix of nothing is refused")
    {
        HopLists lists;
        lists.placements = {"same"};
        lists.spins = {"on"};
        CHECK_THROWS_AS(static_cast<void>(make_cells(lists, machine(2, true), false)), Failure);
    }

    TEST_CASE("the time it takes grows with the blocks and their length")
    {
        HopLists lists;
        lists.paces = {"paced"};
        lists.blocks = {64};
        const auto small = make_cells(lists, machine(2, true), true);
        lists.blocks = {256};
        const auto large = make_cells(lists, machine(2, true), true);
        CHECK(expected_seconds(small, 2'000) > expected_seconds(small, 1'000));
        CHECK(expected_seconds(large, 1'000) > expected_seconds(small, 1'000));
    }
}
