// SPDX-License-Identifier: MIT

#include "sdk/src/host/unit_log.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

using namespace outboard::host;

namespace {

constexpr std::uint64_t unit_count = 16;
constexpr std::size_t event_bytes_max = 64;

void append(UnitLog& log, std::size_t event_bytes)
{
    const std::vector<std::byte> events(event_bytes, std::byte{7});
    log.append({.sequence = log.next_sequence(),
                .first_frame = static_cast<std::int64_t>(log.next_sequence() * 64),
                .frame_count = 64,
                .posted_ns = 0,
                .events = events});
}

}  // namespace

TEST_SUITE("sdk/unit_log")
{
    TEST_CASE("a unit that will be kept is still there after as many more, whatever their events")
    {
        for (const std::size_t room_bytes : {200, 500, 1000, 4000}) {
            for (const std::size_t used_bytes : {0, 24, 64}) {
                CAPTURE(room_bytes);
                CAPTURE(used_bytes);
                UnitLog log{unit_count, room_bytes};
                std::uint64_t kept = 0;
                std::uint64_t checked_count = 0;
                for (int step = 0; step < 200; ++step) {
                    if (log.next_sequence() != 0 && !log.will_keep(kept, 1, event_bytes_max)) {
                        kept = log.next_sequence();  // give it up, as a newer checkpoint does
                    }
                    append(log, used_bytes);
                    Unit unit{};
                    REQUIRE(log.get(kept, unit));
                    CHECK(unit.first_frame == static_cast<std::int64_t>(kept * 64));
                    CHECK(unit.events.size() == used_bytes);
                    ++checked_count;
                }
                CHECK(checked_count == 200);
            }
        }
    }

    TEST_CASE("a unit that has gone round will not be kept")
    {
        UnitLog log{unit_count, 4000};
        for (std::uint64_t unit = 0; unit < unit_count; ++unit)
            append(log, 0);
        CHECK(log.will_keep(0, 0, event_bytes_max));
        CHECK(!log.will_keep(0, 1, event_bytes_max));
        CHECK(log.will_keep(1, 1, event_bytes_max));
    }

    TEST_CASE("the units that hold the last frames are found, however long each is")
    {
        UnitLog log{unit_count, 64};
        std::int64_t end = 0;
        const auto append_unit = [&](std::uint32_t frame_count) {
            log.append({.sequence = log.next_sequence(),
                        .first_frame = end,
                        .frame_count = frame_count,
                        .posted_ns = 0,
                        .events = {}});
            end += frame_count;
        };
        CHECK(log.first_of_the_last(0, 100) == 0);
        for (const std::uint32_t frame_count : {64, 1, 1, 30, 64})  // begin at 0, 64, 65, 66, 96
            append_unit(frame_count);
        CHECK(log.first_of_the_last(5, 0) == 5);
        CHECK(log.first_of_the_last(5, 1) == 4);
        CHECK(log.first_of_the_last(5, 64) == 4);
        CHECK(log.first_of_the_last(5, 65) == 3);
        CHECK(log.first_of_the_last(5, 94) == 3);
        CHECK(log.first_of_the_last(5, 95) == 2);
        CHECK(log.first_of_the_last(5, 96) == 1);
        CHECK(log.first_of_the_last(5, 97) == 0);
        CHECK(log.first_of_the_last(5, ~std::uint64_t{0}) == 0);
        CHECK(log.first_of_the_last(3, 2) == 1);
        for (std::uint64_t unit = 0; unit < unit_count; ++unit)
            append_unit(8);
        CHECK(log.first_of_the_last(log.next_sequence(), 10'000) == 5);
    }
}
