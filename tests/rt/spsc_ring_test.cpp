// SPDX-License-Identifier: MIT

#include "rt/path/spsc_ring.hpp"

#include "bench/forked_process.hpp"
#include "rt/os/clock.hpp"
#include "tests/support/no_alloc_scope.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <numeric>
#include <random>
#include <span>
#include <thread>
#include <vector>

namespace {

using namespace outboard::rt;

constexpr std::uint64_t limit_ns = 20'000'000'000;

/// A ring of four slots with both ends attached; the counters may start anywhere.
struct Ring {
    explicit Ring(std::uint64_t first = 0) : control{{first}, {first}} {}

    RingControl control;
    std::array<std::uint64_t, 4> slots{};
    RingProducer<std::uint64_t> producer{control, slots};
    RingConsumer<std::uint64_t> consumer{control, slots};
};

/// An element of `size_bytes` that knows its number in its first, a middle and its last word.
template <std::size_t size_bytes>
struct Element {
    std::array<std::uint64_t, size_bytes / sizeof(std::uint64_t)> words{};

    explicit Element(std::uint64_t number = 0) { words.fill(number); }

    [[nodiscard]] bool is(std::uint64_t number) const
    {
        return std::all_of(words.begin(), words.end(),
                           [number](std::uint64_t word) { return word == number; });
    }
};

template <typename T>
struct SharedRing {
    static constexpr std::size_t slot_count = 16;

    RingControl control;
    std::array<T, slot_count> slots;
};

[[nodiscard]] bool give_way(std::uint64_t deadline_ns)
{
    std::this_thread::yield();
    return os::monotonic_ns() < deadline_ns;
}

/// Pushes the numbers below `total` in batches of changing size, 0 to 20.
template <typename T>
[[nodiscard]] bool produce(SharedRing<T>& ring, std::uint64_t total)
{
    RingProducer<T> producer{ring.control, ring.slots};
    const std::uint64_t deadline_ns = os::monotonic_ns() + limit_ns;
    std::vector<T> batch;
    for (std::uint64_t next = 0; next < total;) {
        batch.clear();
        for (std::uint64_t index = 0; index < std::min(next % 21, total - next); ++index)
            batch.push_back(T{next + index});
        std::size_t taken = 0;
        if (batch.empty()) {
            taken = producer.try_push(T{next}) == RingStatus::ok ? 1 : 0;
        } else {
            taken = producer.push_some(batch);
        }
        next += taken;
        if (taken == 0 && !give_way(deadline_ns))
            return false;
    }
    return true;
}

/// Counts the elements that arrive in order, until `total` are there.
template <typename T>
[[nodiscard]] std::uint64_t consume(SharedRing<T>& ring, std::uint64_t total)
{
    RingConsumer<T> consumer{ring.control, ring.slots};
    const std::uint64_t deadline_ns = os::monotonic_ns() + limit_ns;
    std::vector<T> batch(7);
    std::uint64_t in_order = 0;
    for (std::uint64_t next = 0; next < total;) {
        std::size_t count = 0;
        if (next % 2 == 0) {
            count = consumer.try_pop(batch[0]) == RingStatus::ok ? 1 : 0;
        } else {
            count = consumer.pop_some(batch);
        }
        for (std::size_t index = 0; index < count; ++index)
            in_order += batch[index].is(next++) ? 1 : 0;
        if (count == 0 && !give_way(deadline_ns))
            break;
    }
    return in_order;
}

[[nodiscard]] std::vector<std::uint64_t> numbers(std::uint64_t first, std::size_t count)
{
    std::vector<std::uint64_t> values(count);
    std::iota(values.begin(), values.end(), first);
    return values;
}

}  // namespace

TEST_SUITE("rt/spsc_ring")
{
    TEST_CASE_FIXTURE(Ring, "an empty ring says so and leaves the output alone")
    {
        std::uint64_t out = 42;
        std::array<std::uint64_t, 2> outs{42, 42};
        CHECK(consumer.try_pop(out) == RingStatus::empty);
        CHECK(consumer.pop_some(outs) == 0);
        CHECK(out == 42);
        CHECK(outs == std::array<std::uint64_t, 2>{42, 42});
    }

    TEST_CASE_FIXTURE(Ring, "elements come out in the order they went in, up to the capacity")
    {
        for (std::uint64_t value = 0; value < slots.size(); ++value)
            REQUIRE(producer.try_push(value) == RingStatus::ok);
        CHECK(producer.try_push(99) == RingStatus::full);
        for (std::uint64_t value = 0; value < slots.size(); ++value) {
            std::uint64_t out = 99;
            REQUIRE(consumer.try_pop(out) == RingStatus::ok);
            CHECK(out == value);
        }
    }

    TEST_CASE_FIXTURE(Ring, "a batch of none is taken and given as none")
    {
        CHECK(producer.push_some({}) == 0);
        REQUIRE(producer.try_push(1) == RingStatus::ok);
        CHECK(consumer.pop_some({}) == 0);
    }

    TEST_CASE("a batch that fits partly is taken as far as it fits, from its beginning")
    {
        for (std::size_t already = 0; already <= 4; ++already) {
            for (std::size_t offered = 0; offered <= 9; ++offered) {
                CAPTURE(already);
                CAPTURE(offered);
                Ring ring;
                REQUIRE(ring.producer.push_some(numbers(0, already)) == already);
                const std::size_t taken = ring.producer.push_some(numbers(already, offered));
                CHECK(taken == std::min(offered, 4 - already));

                std::vector<std::uint64_t> out(10);
                const std::size_t count = ring.consumer.pop_some(out);
                out.resize(count);
                CHECK(out == numbers(0, already + taken));
            }
        }
    }

    TEST_CASE("a batch is popped as far as there are elements and room for them")
    {
        for (std::size_t there = 0; there <= 4; ++there) {
            for (std::size_t wanted = 0; wanted <= 6; ++wanted) {
                CAPTURE(there);
                CAPTURE(wanted);
                Ring ring;
                REQUIRE(ring.producer.push_some(numbers(0, there)) == there);
                std::vector<std::uint64_t> out(wanted, 77);
                const std::size_t count = ring.consumer.pop_some(out);
                REQUIRE(count == std::min(there, wanted));
                for (std::size_t index = 0; index < wanted; ++index)
                    CHECK(out[index] == (index < count ? index : 77));
            }
        }
    }

    TEST_CASE_FIXTURE(Ring, "a batch finds what was pushed after the last look")
    {
        std::uint64_t out = 0;
        REQUIRE(producer.push_some(numbers(0, 2)) == 2);
        REQUIRE(consumer.try_pop(out) == RingStatus::ok);
        REQUIRE(producer.push_some(numbers(2, 2)) == 2);
        std::array<std::uint64_t, 4> outs{};
        CHECK(consumer.pop_some(outs) == 3);
        CHECK(outs[2] == 3);
    }

    TEST_CASE("the counters may wrap around 2^64, in batches too")
    {
        Ring ring{std::numeric_limits<std::uint64_t>::max() - 5};
        std::array<std::uint64_t, 3> out{};
        for (std::uint64_t first = 0; first < 30; first += 3) {
            CAPTURE(first);
            REQUIRE(ring.producer.push_some(numbers(first, 3)) == 3);
            REQUIRE(ring.consumer.pop_some(out) == 3);
            CHECK(out == std::array{first, first + 1, first + 2});
        }
    }

    TEST_CASE("a broken write count is reported, not obeyed")
    {
        Ring ring{10};
        ring.control.write_count.store(10 + 5, std::memory_order_relaxed);
        std::uint64_t out = 42;
        std::array<std::uint64_t, 8> outs{};
        CHECK(ring.consumer.try_pop(out) == RingStatus::corrupt);
        CHECK(ring.consumer.pop_some(outs) == 0);
        CHECK(ring.consumer.try_pop(out) == RingStatus::corrupt);
        CHECK(out == 42);
    }

    TEST_CASE("a broken read count is reported, not obeyed")
    {
        Ring ring{10};
        REQUIRE(ring.producer.push_some(numbers(0, 4)) == 4);
        const auto before = ring.slots;
        ring.control.read_count.store(9, std::memory_order_relaxed);
        CHECK(ring.producer.try_push(1) == RingStatus::corrupt);
        CHECK(ring.producer.push_some(numbers(50, 3)) == 0);
        CHECK(ring.slots == before);
    }

    TEST_CASE("a new end takes up where the old one stopped")
    {
        Ring ring;
        REQUIRE(ring.producer.push_some(numbers(0, 4)) == 4);
        std::uint64_t out = 0;
        REQUIRE(ring.consumer.try_pop(out) == RingStatus::ok);
        RingConsumer<std::uint64_t> successor{ring.control, ring.slots};
        REQUIRE(successor.try_pop(out) == RingStatus::ok);
        CHECK(out == 1);
    }

    TEST_CASE_TEMPLATE("elements of every size arrive whole, one at a time and in batches", T,
                       Element<8>, Element<64>, Element<256>, Element<512>, Element<1024>,
                       Element<2048>, Element<4096>)
    {
        const auto ring = std::make_unique<SharedRing<T>>();
        RingProducer<T> producer{ring->control, ring->slots};
        RingConsumer<T> consumer{ring->control, ring->slots};
        std::vector<T> batch(5);
        std::uint64_t pushed = 0;
        std::uint64_t wrong = 0;
        for (std::uint64_t popped = 0; popped < 100;) {
            for (T& element : batch)
                element = T{pushed++};
            REQUIRE(producer.push_some(batch) == batch.size());
            REQUIRE(producer.try_push(T{pushed++}) == RingStatus::ok);
            REQUIRE(consumer.try_pop(batch[0]) == RingStatus::ok);
            wrong += batch[0].is(popped++) ? 0 : 1;
            REQUIRE(consumer.pop_some(batch) == batch.size());
            for (const T& element : batch)
                wrong += element.is(popped++) ? 0 : 1;
        }
        CHECK(wrong == 0);
    }

    TEST_CASE_FIXTURE(Ring, "pushing and popping neither allocate nor free [rt]")
    {
        std::array<std::uint64_t, 6> values{1, 2, 3, 4, 5, 6};
        const outboard::test::NoAllocScope scope;
        const RingStatus pushed = producer.try_push(0);
        const std::size_t pushed_count = producer.push_some(values);
        const RingStatus popped = consumer.try_pop(values[0]);
        const std::size_t popped_count = consumer.pop_some(values);
        const auto violations = scope.violations();
        CHECK(pushed == RingStatus::ok);
        CHECK(popped == RingStatus::ok);
        CHECK(pushed_count == 3);
        CHECK(popped_count == 3);
        CHECK(violations == 0);
    }

    TEST_CASE_TEMPLATE("between two threads nothing is lost, doubled or torn", T, Element<8>,
                       Element<512>, Element<4096>)
    {
        constexpr std::uint64_t total = 20'000;
        const auto ring = std::make_unique<SharedRing<T>>();
        bool all_produced = false;
        std::thread producer{[&] { all_produced = produce(*ring, total); }};
        const std::uint64_t in_order = consume(*ring, total);
        producer.join();
        CHECK(all_produced);
        CHECK(in_order == total);
    }

    TEST_CASE("between two processes nothing is lost, doubled or torn")
    {
        using T = Element<512>;
        constexpr std::uint64_t total = 20'000;
        const outboard::bench::SharedObject<SharedRing<T>> ring;
        outboard::bench::ForkedProcess producer{[&] { return produce(*ring, total); }};
        CHECK(consume(*ring, total) == total);
        CHECK(producer.ended_well(limit_ns));
    }
}
