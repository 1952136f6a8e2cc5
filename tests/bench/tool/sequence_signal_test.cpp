// SPDX-License-Identifier: MIT

#include "bench/tool/sequence_signal.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

using outboard::bench::SequenceSignal;

namespace {

constexpr std::uint32_t frame_count = 64;
using Block = std::vector<float>;

/// What the signal has sent, a block each.
[[nodiscard]] std::vector<Block> sent_blocks(std::size_t count, SequenceSignal& signal)
{
    std::vector<Block> blocks;
    for (std::size_t index = 0; index < count; ++index) {
        Block block(std::size_t{2} * frame_count);
        signal.fill(block);
        signal.check(block, true);
        blocks.push_back(block);
    }
    return blocks;
}

/// Lets blocks of another signal's making come back.
[[nodiscard]] SequenceSignal checked(const std::vector<Block>& blocks, std::uint32_t latency_frames)
{
    SequenceSignal signal{frame_count, latency_frames};
    Block sent(std::size_t{2} * frame_count);
    for (const Block& block : blocks) {
        signal.fill(sent);
        signal.check(block, true);
    }
    return signal;
}

}  // namespace

TEST_SUITE("bench/tool_sequence_signal")
{
    TEST_CASE("what comes back as it was sent is exact")
    {
        SequenceSignal source{frame_count, 0};
        static_cast<void>(sent_blocks(20, source));
        CHECK(source.exact_count() == 20);
        CHECK(source.wrong_count() == 0);
    }

    TEST_CASE("a delay of a block is exact at that latency, and wrong at another")
    {
        SequenceSignal source{frame_count, 0};
        auto blocks = sent_blocks(20, source);
        blocks.insert(blocks.begin(), Block(std::size_t{2} * frame_count, 0.0F));
        CHECK(checked(blocks, frame_count).wrong_count() == 0);
        CHECK(checked(blocks, 0).wrong_count() != 0);
        CHECK(checked(blocks, frame_count - 1).wrong_count() != 0);
    }

    TEST_CASE("a block that comes twice, is missing, or changes places is seen")
    {
        SequenceSignal source{frame_count, 0};
        auto blocks = sent_blocks(20, source);
        SUBCASE("twice")
        {
            blocks[10] = blocks[9];
        }
        SUBCASE("missing")
        {
            blocks.erase(blocks.begin() + 10);
        }
        SUBCASE("changed places")
        {
            std::swap(blocks[10], blocks[11]);
        }
        SUBCASE("one sample of one channel")
        {
            blocks[10].back() = 0.0F;
        }
        CHECK(checked(blocks, 0).wrong_count() != 0);
    }

    TEST_CASE("a late block is counted, and what fades behind it is not judged")
    {
        SequenceSignal signal{frame_count, 0};
        Block block(std::size_t{2} * frame_count);
        const Block silence(block.size(), 0.0F);
        signal.fill(block);
        signal.check(silence, false);
        for (int fading = 0; fading < 2; ++fading) {
            signal.fill(block);
            signal.check(silence, true);
        }
        CHECK(signal.late_count() == 1);
        CHECK(signal.wrong_count() == 0);
        signal.fill(block);
        signal.check(silence, true);
        CHECK(signal.wrong_count() == 1);
    }
}
