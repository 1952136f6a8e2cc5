// SPDX-License-Identifier: MIT

#include "rt/path/ring_cursor.hpp"

#include "rt/os/clock.hpp"
#include "tests/support/no_alloc_scope.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <random>
#include <thread>

namespace {

using namespace outboard::rt;

constexpr std::uint64_t capacity = 4;
constexpr std::uint64_t limit_ns = 20'000'000'000;

/// Both cursors of a ring of four slots; the counters may start anywhere.
struct Cursors {
    explicit Cursors(std::uint64_t first = 0) : write_count(first), read_count(first) {}

    SharedCount write_count;
    SharedCount read_count;
    WriteCursor writer{write_count, read_count, capacity};
    ReadCursor reader{read_count, write_count, capacity};
};

/// Lets the other thread run while there is nothing to do; false when the test's time is over.
[[nodiscard]] bool give_way(std::uint64_t deadline_ns)
{
    std::this_thread::yield();
    return os::monotonic_ns() < deadline_ns;
}

}  // namespace

TEST_SUITE("rt/ring_cursor")
{
    TEST_CASE_FIXTURE(Cursors, "a new ring is empty and has room for its capacity")
    {
        CHECK(reader.poll() == RingStatus::empty);
        CHECK(reader.known_count() == 0);
        CHECK(writer.reserve(capacity) == RingStatus::ok);
        CHECK(writer.reserve(capacity + 1) == RingStatus::full);
    }

    TEST_CASE_FIXTURE(Cursors, "a reserved slot is not there before it is published")
    {
        REQUIRE(writer.reserve() == RingStatus::ok);
        CHECK(reader.poll() == RingStatus::empty);
        writer.publish();
        CHECK(reader.poll() == RingStatus::ok);
        CHECK(reader.known_count() == 1);
        CHECK(reader.position() == 0);
        CHECK(writer.position() == 1);
    }

    TEST_CASE_FIXTURE(Cursors, "slots published at once arrive at once")
    {
        REQUIRE(writer.reserve(3) == RingStatus::ok);
        writer.publish(3);
        REQUIRE(reader.poll() == RingStatus::ok);
        CHECK(reader.known_count() == 3);
    }

    TEST_CASE_FIXTURE(Cursors, "what is published later is known after a refresh, not before")
    {
        writer.publish();
        REQUIRE(reader.poll() == RingStatus::ok);
        writer.publish(2);
        CHECK(reader.poll() == RingStatus::ok);
        CHECK(reader.known_count() == 1);
        CHECK(reader.refresh() == RingStatus::ok);
        CHECK(reader.known_count() == 3);
    }

    TEST_CASE_FIXTURE(Cursors, "a full ring takes exactly as much as was released")
    {
        writer.publish(capacity);
        CHECK(writer.reserve() == RingStatus::full);
        REQUIRE(reader.poll() == RingStatus::ok);
        reader.release(2);
        CHECK(reader.known_count() == 2);
        CHECK(writer.reserve(3) == RingStatus::full);
        CHECK(writer.reserve(2) == RingStatus::ok);
    }

    TEST_CASE_FIXTURE(Cursors, "a refused reservation tells how much would fit")
    {
        writer.publish(3);
        CHECK(writer.known_free_count() == 1);
        CHECK(writer.reserve(2) == RingStatus::full);
        CHECK(writer.known_free_count() == 1);
        REQUIRE(reader.poll() == RingStatus::ok);
        reader.release(2);
        CHECK(writer.known_free_count() == 1);
        CHECK(writer.reserve(4) == RingStatus::full);
        CHECK(writer.known_free_count() == 3);
        CHECK(writer.reserve(3) == RingStatus::ok);
    }

    TEST_CASE("cursors begin where the counters stand, and these may wrap around 2^64")
    {
        constexpr std::uint64_t first = std::numeric_limits<std::uint64_t>::max() - 2;
        Cursors ring{first};
        for (std::uint64_t step = 0; step < 10; ++step) {
            CAPTURE(step);
            REQUIRE(ring.writer.reserve(capacity) == RingStatus::ok);
            CHECK(ring.writer.position() == first + step);
            ring.writer.publish();
            REQUIRE(ring.reader.poll() == RingStatus::ok);
            CHECK(ring.reader.position() == first + step);
            CHECK(ring.reader.known_count() == 1);
            ring.reader.release();
            CHECK(ring.reader.poll() == RingStatus::empty);
        }
    }

    TEST_CASE("a ring that is full across the wrap is full, not corrupt")
    {
        Cursors ring{std::numeric_limits<std::uint64_t>::max() - 1};
        ring.writer.publish(capacity);
        CHECK(ring.writer.reserve() == RingStatus::full);
        REQUIRE(ring.reader.poll() == RingStatus::ok);
        CHECK(ring.reader.known_count() == capacity);
    }

    TEST_CASE("a write count out of range is reported, not obeyed, by every look")
    {
        constexpr std::uint64_t first = 100;
        std::uint64_t broken = 0;
        SUBCASE("one slot more than there are")
        {
            broken = first + capacity + 1;
        }
        SUBCASE("behind the reader")
        {
            broken = first - 1;
        }
        SUBCASE("half the number range away")
        {
            broken = first + (std::uint64_t{1} << 63);
        }
        SUBCASE("zero")
        {
            broken = 0;
        }

        Cursors ring{first};
        ring.write_count.store(broken, std::memory_order_relaxed);
        CHECK(ring.reader.poll() == RingStatus::corrupt);
        CHECK(ring.reader.refresh() == RingStatus::corrupt);
        CHECK(ring.reader.known_count() == 0);
        CHECK(ring.reader.position() == first);
    }

    TEST_CASE("a read count out of range is reported, not obeyed, by every reservation")
    {
        constexpr std::uint64_t first = 100;
        std::uint64_t broken = 0;
        SUBCASE("ahead of the writer")
        {
            broken = first + capacity + 1;
        }
        SUBCASE("one slot more behind than there are")
        {
            broken = first - 1;
        }
        SUBCASE("half the number range away")
        {
            broken = first + (std::uint64_t{1} << 63);
        }
        SUBCASE("zero")
        {
            broken = 0;
        }

        Cursors ring{first};
        ring.writer.publish(capacity);
        ring.read_count.store(broken, std::memory_order_relaxed);
        CHECK(ring.writer.reserve() == RingStatus::corrupt);
        CHECK(ring.writer.reserve() == RingStatus::corrupt);
        CHECK(ring.writer.position() == first + capacity);
    }

    TEST_CASE_FIXTURE(Cursors, "slots known before the peer broke its count can still be read")
    {
        writer.publish(2);
        REQUIRE(reader.poll() == RingStatus::ok);
        write_count.store(1000, std::memory_order_relaxed);
        CHECK(reader.poll() == RingStatus::ok);
        CHECK(reader.refresh() == RingStatus::corrupt);
        CHECK(reader.known_count() == 2);
    }

    TEST_CASE("whatever a peer stores, no more slots are known or free than there are")
    {
        const auto seed = std::random_device{}();
        CAPTURE(seed);
        std::mt19937_64 random{seed};
        Cursors ring{random()};
        for (int step = 0; step < 100'000; ++step) {
            const std::uint64_t near = ring.writer.position() + random() % 16 - 8;
            ring.write_count.store(step % 2 == 0 ? random() : near, std::memory_order_relaxed);
            ring.read_count.store(step % 2 == 0 ? near : random(), std::memory_order_relaxed);
            const bool may_write = ring.writer.reserve(capacity + 1) == RingStatus::ok;
            const bool may_read = ring.reader.refresh() == RingStatus::ok;
            REQUIRE_FALSE(may_write);
            REQUIRE(ring.reader.known_count() <= capacity);
            REQUIRE((!may_read || ring.reader.known_count() != 0));
        }
    }

    TEST_CASE_FIXTURE(Cursors, "counting neither allocates nor frees [rt]")
    {
        const outboard::test::NoAllocScope scope;
        bool all_ok = true;
        for (int step = 0; step < 100; ++step) {
            all_ok = all_ok && writer.reserve() == RingStatus::ok;
            writer.publish();
            all_ok = all_ok && reader.poll() == RingStatus::ok;
            reader.release();
        }
        const auto violations = scope.violations();
        CHECK(all_ok);
        CHECK(violations == 0);
    }

    TEST_CASE("a slot is complete before its reader sees it, and read before it is overwritten")
    {
        // Plain memory on purpose: only the orders of the counters keep the two threads apart, and
        // ThreadSanitizer reports it when one of them is weakened.
        constexpr std::uint64_t slot_total = 100'000;
        Cursors ring;
        std::array<std::uint64_t, capacity> slots{};
        const std::uint64_t deadline_ns = os::monotonic_ns() + limit_ns;

        std::thread writer_thread{[&] {
            for (std::uint64_t value = 0; value < slot_total;) {
                if (ring.writer.reserve() != RingStatus::ok) {
                    if (!give_way(deadline_ns))
                        return;
                    continue;
                }
                slots[ring.writer.position() % capacity] = value++;
                ring.writer.publish();
            }
        }};
        std::uint64_t received = 0;
        std::uint64_t wrong = 0;
        while (received < slot_total) {
            if (ring.reader.poll() != RingStatus::ok) {
                if (!give_way(deadline_ns))
                    break;
                continue;
            }
            wrong += slots[ring.reader.position() % capacity] != received ? 1 : 0;
            ++received;
            ring.reader.release();
        }
        writer_thread.join();
        CHECK(received == slot_total);
        CHECK(wrong == 0);
    }
}
