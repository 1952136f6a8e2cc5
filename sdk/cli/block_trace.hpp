// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What each block of a run took and brought, for a close look at a moment of it. The newest blocks
/// are kept, as many as were asked for.

#include "sdk/cli/peak_trace.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace outboard::cli {

struct BlockRecord {
    std::uint64_t first_frame = 0;  ///< of the stream's input
    std::uint64_t process_ns = 0;   ///< through the whole chain, waits included
    Peak peak;                      ///< of its output, all channels
    bool is_concealed = false;      ///< the fallback filled at least one frame of it
};

class BlockTrace {
public:
    static constexpr std::size_t block_count_max = std::size_t{1} << 19U;

    /// @param block_count  as many as will come, if that is known; at least 1
    explicit BlockTrace(std::uint64_t block_count);

    /// Keeps the record, with the peak of `channels`.
    /// @thread audio
    /// @rt     wait-free, O(frames x channels)
    void add(BlockRecord record, std::span<const float* const> channels,
             std::size_t frame_count) noexcept;

    /// The block that holds a frame, with so many before and behind it as there are.
    /// @return nothing when that block was not kept
    /// @thread control, when the stream has ended
    [[nodiscard]] std::vector<BlockRecord> around(std::uint64_t frame, std::size_t count_before,
                                                  std::size_t count_behind) const;

private:
    [[nodiscard]] const BlockRecord& at(std::uint64_t index) const noexcept
    {
        return records_[index % records_.size()];
    }

    std::vector<BlockRecord> records_;
    std::uint64_t block_count_ = 0;
};

}  // namespace outboard::cli
