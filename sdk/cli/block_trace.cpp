// SPDX-License-Identifier: MIT
#include "sdk/cli/block_trace.hpp"

#include <algorithm>

namespace outboard::cli {

BlockTrace::BlockTrace(std::uint64_t block_count)
    : records_(std::clamp<std::uint64_t>(block_count, 1, block_count_max))
{}

void BlockTrace::add(BlockRecord record, std::span<const float* const> channels,
                     std::size_t frame_count) noexcept
{
    for (const float* const channel : channels) {
        const auto [low, high] = std::minmax_element(channel, channel + frame_count);
        record.peak.low = std::min(record.peak.low, *low);
        record.peak.high = std::max(record.peak.high, *high);
    }
    records_[block_count_ % records_.size()] = record;
    ++block_count_;
}

std::vector<BlockRecord> BlockTrace::around(std::uint64_t frame, std::size_t count_before,
                                            std::size_t count_behind) const
{
    const std::uint64_t oldest =
        block_count_ - std::min<std::uint64_t>(block_count_, records_.size());
    std::uint64_t behind = oldest;  // the first block that begins after the frame
    for (std::uint64_t end = block_count_; behind < end;) {
        const std::uint64_t middle = behind + (end - behind) / 2;
        if (at(middle).first_frame <= frame) {
            behind = middle + 1;
        } else {
            end = middle;
        }
    }
    if (behind == oldest)
        return {};
    const std::uint64_t holder = behind - 1;
    const std::uint64_t first = holder - std::min<std::uint64_t>(holder - oldest, count_before);
    const std::uint64_t last = std::min<std::uint64_t>(holder + count_behind, block_count_ - 1);
    std::vector<BlockRecord> found;
    for (std::uint64_t index = first; index <= last; ++index)
        found.push_back(at(index));
    return found;
}

}  // namespace outboard::cli
