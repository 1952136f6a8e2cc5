// SPDX-License-Identifier: MIT

#include "rt/path/slot_ring.hpp"

#include "rt/path/ring_cursor.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>

namespace {

using namespace outboard::rt;

constexpr std::size_t slot_bytes = 3 * cache_line_bytes;
constexpr std::uint64_t slot_count = 4;

struct Area {
    alignas(cache_line_bytes) std::array<std::byte, slot_bytes * slot_count> memory{};
    SlotArea<std::byte> for_writer{memory.data(), slot_bytes, slot_count};
    SlotArea<const std::byte> for_reader{memory.data(), slot_bytes, slot_count};
};

}  // namespace

TEST_SUITE("rt/slot_ring")
{
    TEST_CASE_FIXTURE(Area, "positions that follow each other are slots that follow each other")
    {
        CHECK(for_writer.slot_count() == slot_count);
        for (std::uint64_t position = 0; position < slot_count; ++position)
            CHECK(for_writer.slot(position) == memory.data() + position * slot_bytes);
        CHECK(for_writer.slot(slot_count) == memory.data());
    }

    TEST_CASE_FIXTURE(Area, "the order of slots goes on where the position wraps around 2^64")
    {
        constexpr std::uint64_t last = std::numeric_limits<std::uint64_t>::max();
        CHECK(for_writer.slot(last) == memory.data() + (slot_count - 1) * slot_bytes);
        CHECK(for_writer.slot(last + 1) == memory.data());
    }

    TEST_CASE_FIXTURE(Area, "any position leads to a whole slot inside the area")
    {
        const auto seed = std::random_device{}();
        CAPTURE(seed);
        std::mt19937_64 random{seed};
        for (int step = 0; step < 10'000; ++step) {
            const auto offset = static_cast<std::size_t>(for_reader.slot(random()) - memory.data());
            REQUIRE(offset % slot_bytes == 0);
            REQUIRE(offset + slot_bytes <= memory.size());
        }
    }

    TEST_CASE_FIXTURE(Area, "a ring of one slot is always in that slot")
    {
        const SlotArea<std::byte> single{memory.data(), slot_bytes, 1};
        CHECK(single.slot(0) == memory.data());
        CHECK(single.slot(12345) == memory.data());
    }

    TEST_CASE_FIXTURE(Area, "with cursors, blocks come out as they went in")
    {
        SharedCount write_count{0};
        SharedCount read_count{0};
        WriteCursor writer{write_count, read_count, slot_count};
        ReadCursor reader{read_count, write_count, slot_count};
        for (int value = 1; value < 10; ++value) {
            CAPTURE(value);
            REQUIRE(writer.reserve() == RingStatus::ok);
            std::memset(for_writer.slot(writer.position()), value, slot_bytes);
            writer.publish();
            REQUIRE(reader.poll() == RingStatus::ok);
            const std::byte* const slot = for_reader.slot(reader.position());
            CHECK(slot[0] == static_cast<std::byte>(value));
            CHECK(slot[slot_bytes - 1] == static_cast<std::byte>(value));
            reader.release();
        }
    }
}
