// SPDX-License-Identifier: MIT

#include "bench/tool/failover_matrix.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace outboard::bench;

TEST_SUITE("bench/tool_failover_matrix")
{
    TEST_CASE("the default is every fault by every standby, each once")
    {
        const auto cells = make_cells(FailoverLists{}, false);
        std::set<std::string> names;
        for (const FailoverCell& cell : cells) {
            names.insert(cell.name());
            CHECK(cell.name() == cell.parameters()["fault"].get<std::string>() + '/' +
                                     cell.parameters()["standby"].get<std::string>());
        }
        CHECK(cells.size() == fault_names().size() * standby_names().size());
        CHECK(names.size() == cells.size());
    }

    TEST_CASE("a look takes fewer, and lists are taken as they are")
    {
        CHECK(make_cells(FailoverLists{}, true).size() == 4);
        const auto cells = make_cells({{"nan", "kill"}, {"hot"}}, true);
        REQUIRE(cells.size() == 2);
        CHECK(cells[0].name() == "nan/hot");
        CHECK(cells[1].name() == "kill/hot");
        CHECK(cells[1].fault == OB_FAULT_KILL);
        CHECK(cells[1].standby == OB_STANDBY_HOT);
    }

    TEST_CASE("only what ends a service is fatal, and only lateness has a length")
    {
        for (const FailoverCell& cell : make_cells(FailoverLists{}, false)) {
            const std::string fault = cell.parameters()["fault"].get<std::string>();
            CHECK(cell.is_fatal() == (fault != "late" && fault != "nan"));
            CHECK((cell.fault_argument() != 0) == (fault == "late"));
            CHECK(cell.standby_count() == (cell.standby == OB_STANDBY_NONE ? 0U : 1U));
        }
    }

    TEST_CASE("the time it takes grows with the strikes")
    {
        const auto cells = make_cells(FailoverLists{}, true);
        CHECK(expected_seconds(cells, 20) > 2 * expected_seconds(cells, 5));
    }
}
