// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What was played of the last units, as hashes: so that answers of other replicas, which come
/// later, can be compared with it.

#include "rt/path/word_hash.hpp"
#include "sdk/src/link/lane_memory.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace outboard::host {

/// Hash of all frames of an answer.
/// @rt wait-free, O(frames)
[[nodiscard]] inline std::uint64_t hash_frames(const link::Slot<const std::byte>& slot,
                                               std::uint32_t channel_count,
                                               std::uint32_t frame_count) noexcept
{
    std::uint64_t hash = 0;
    for (std::uint32_t channel = 0; channel < channel_count; ++channel)
        hash = rt::word_hash(std::as_bytes(std::span{slot.channel(channel), frame_count}), hash);
    return hash;
}

class PlayedBlocks {
public:
    explicit PlayedBlocks(std::size_t unit_count) : blocks_(unit_count) {}

    void note(std::uint64_t sequence, std::uint64_t hash) noexcept
    {
        blocks_[sequence % blocks_.size()] = {sequence + 1, hash};
    }

    enum class Comparison : std::uint8_t { unknown, equal, different };
    [[nodiscard]] Comparison compare(std::uint64_t sequence, std::uint64_t hash) const noexcept
    {
        const Block& block = blocks_[sequence % blocks_.size()];
        if (block.sequence_plus_1 != sequence + 1)
            return Comparison::unknown;
        return block.hash == hash ? Comparison::equal : Comparison::different;
    }

private:
    struct Block {
        std::uint64_t sequence_plus_1 = 0;
        std::uint64_t hash = 0;
    };
    std::vector<Block> blocks_;
};

}  // namespace outboard::host
