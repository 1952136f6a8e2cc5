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
}
