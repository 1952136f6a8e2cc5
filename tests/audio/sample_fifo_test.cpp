// SPDX-License-Identifier: MIT
#include "audio/sample_fifo.hpp"

#include "tests/support/no_alloc_scope.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <thread>

namespace {

using outboard::audio::PlanarBuffer;
using outboard::audio::SampleFifo;

constexpr std::uint32_t channel_count = 2;

/// Frames that count up from `first`; the second channel is the first one, negated.
void fill_counting(PlanarBuffer& buffer, std::uint64_t first)
{
    for (std::size_t frame = 0; frame < buffer.frame_count(); ++frame) {
        // 24 bit, so that a float holds it exactly.
        const auto value = static_cast<float>((first + frame) & 0xFF'FFFFU);
        buffer.channel(0)[frame] = value;
        buffer.channel(1)[frame] = -value;
    }
}

std::uint64_t count_mismatches(const PlanarBuffer& buffer, std::size_t frame_count,
                               std::uint64_t first)
{
    std::uint64_t mismatches = 0;
    for (std::size_t frame = 0; frame < frame_count; ++frame) {
        const auto value = static_cast<float>((first + frame) & 0xFF'FFFFU);
        if (buffer.channel(0)[frame] != value || buffer.channel(1)[frame] != -value)
            ++mismatches;
    }
    return mismatches;
}

}  // namespace

TEST_SUITE("audio/sample_fifo")
{
    TEST_CASE("an empty FIFO gives nothing and has room for what was asked, or more")
    {
        SampleFifo fifo{channel_count, 5};
        PlanarBuffer out{channel_count, 4};
        CHECK(fifo.read(out.writable(), 4) == 0);
        CHECK(fifo.capacity_frames() == 8);
        CHECK(fifo.writable_frames() == 8);
    }

    TEST_CASE("frames come out in order across the end of the memory")
    {
        SampleFifo fifo{channel_count, 8};
        PlanarBuffer in{channel_count, 5};
        PlanarBuffer out{channel_count, 5};
        for (std::uint64_t first = 0; first < 100; first += 5) {
            fill_counting(in, first);
            REQUIRE(fifo.writable_frames() >= 5);
            fifo.write(in.readable(), 0, 5);
            REQUIRE(fifo.read(out.writable(), 5) == 5);
            CHECK(count_mismatches(out, 5, first) == 0);
        }
    }

    TEST_CASE("a full FIFO has no room, and takes silence like samples")
    {
        SampleFifo fifo{channel_count, 4};
        PlanarBuffer in{channel_count, 2};
        fill_counting(in, 7);
        fifo.write_silence(2);
        fifo.write(in.readable(), 0, 2);
        CHECK(fifo.writable_frames() == 0);

        PlanarBuffer out{channel_count, 4};
        fill_counting(out, 1);
        REQUIRE(fifo.read(out.writable(), 9) == 4);
        CHECK(out.channel(0)[1] == 0.0F);
        CHECK(out.channel(1)[1] == 0.0F);
        CHECK(out.channel(0)[2] == 7.0F);
    }

    TEST_CASE("writing and reading do not allocate [rt]")
    {
        SampleFifo fifo{channel_count, 64};
        PlanarBuffer block{channel_count, 48};
        const outboard::test::NoAllocScope scope;
        for (int round = 0; round < 10; ++round) {
            fifo.write(block.readable(), 0, 48);
            fifo.read(block.writable(), 48);
            fifo.write_silence(16);
            fifo.read(block.writable(), 16);
        }
        const std::uint64_t violations = scope.violations();
        CHECK(violations == 0);
    }

    TEST_CASE("two threads transfer every frame exactly once [stress]")
    {
        constexpr std::uint64_t frame_count = std::uint64_t{64} * 5'000;
        const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds{20};
        const auto late = [give_up] { return std::chrono::steady_clock::now() > give_up; };
        SampleFifo fifo{channel_count, 256};

        std::thread writer{[&] {
            PlanarBuffer block{channel_count, 64};
            for (std::uint64_t first = 0; first < frame_count && !late();) {
                if (fifo.writable_frames() < 64) {
                    std::this_thread::yield();
                    continue;
                }
                fill_counting(block, first);
                fifo.write(block.readable(), 0, 64);
                first += 64;
            }
        }};
        PlanarBuffer block{channel_count, 48};
        std::uint64_t received = 0;
        std::uint64_t mismatches = 0;
        while (received < frame_count && !late()) {
            const std::size_t count = fifo.read(block.writable(), 48);
            mismatches += count_mismatches(block, count, received);
            received += count;
            if (count == 0)
                std::this_thread::yield();
        }
        writer.join();

        CHECK(received == frame_count);
        CHECK(mismatches == 0);
    }
}
