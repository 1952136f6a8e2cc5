// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Where a service lays its processor's state for the host: a segment that only the service writes,
/// with two halves, so that the checkpoint before the newest stays whole.
///
///     host                                        DSP thread
///     checkpoint_wanted = n (release, W)  ------> after a block: n is new (acquire, W)
///                                                 write half n % 2: state, then its header
///     published == n (acquire, D)         <------ published = n (release, D)
///     copy half n % 2, check the copy

#include "rt/path/contract.hpp"
#include "rt/path/word_hash.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace outboard::link {

/// Largest checkpoint of a processor.
inline constexpr std::uint64_t checkpoint_bytes_max = std::uint64_t{1} << 30;

/// Says what a half holds.
struct CheckpointHeader {
    std::uint64_t sequence;  ///< the state is that after this block
    std::uint64_t size_bytes;
    std::uint64_t hash;  ///< rt::word_hash() of the state, seeded with the sequence
    std::uint64_t reserved;
};

/// Start of the segment; the two halves follow, each rounded up to whole lines.
struct CheckpointArea {
    alignas(rt::cache_line_bytes) std::atomic<std::uint64_t> published{0};
    alignas(rt::cache_line_bytes) std::array<CheckpointHeader, 2> headers{};
};
static_assert(sizeof(CheckpointHeader) == 32);
static_assert(sizeof(CheckpointArea) == 128);

[[nodiscard]] constexpr std::size_t checkpoint_half_bytes(std::size_t checkpoint_bytes) noexcept
{
    return (checkpoint_bytes + rt::cache_line_bytes - 1) / rt::cache_line_bytes *
           rt::cache_line_bytes;
}

/// Size of the whole segment for checkpoints of the given size.
[[nodiscard]] constexpr std::size_t checkpoint_area_bytes(std::size_t checkpoint_bytes) noexcept
{
    return sizeof(CheckpointArea) + 2 * checkpoint_half_bytes(checkpoint_bytes);
}

/// Where the state of request `number` lies within the segment.
[[nodiscard]] constexpr std::size_t checkpoint_offset(std::uint64_t number,
                                                      std::size_t checkpoint_bytes) noexcept
{
    return sizeof(CheckpointArea) +
           static_cast<std::size_t>(number % 2) * checkpoint_half_bytes(checkpoint_bytes);
}

}  // namespace outboard::link
