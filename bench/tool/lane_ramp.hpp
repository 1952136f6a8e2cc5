// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// How many lanes to try next: twice as many until some are too many, then between the two.

#include <algorithm>
#include <cstddef>
#include <optional>

namespace outboard::bench {

class LaneRamp {
public:
    /// @pre 0 < first <= limit
    LaneRamp(std::size_t first, std::size_t limit) noexcept : first_(first), limit_(limit) {}

    /// Nothing when it is known well enough: within an eighth.
    [[nodiscard]] std::optional<std::size_t> next() const noexcept
    {
        if (!missed_) {
            if (held_ == limit_)
                return std::nullopt;
            return held_ == 0 ? first_ : std::min(2 * held_, limit_);
        }
        const std::size_t step = std::max<std::size_t>(1, held_ / 8);
        if (held_ == 0 || *missed_ - held_ <= step)
            return std::nullopt;
        return held_ + (*missed_ - held_) / 2;
    }
    /// What became of next().
    void note(std::size_t lane_count, bool is_held) noexcept
    {
        if (is_held) {
            held_ = lane_count;
        } else {
            missed_ = lane_count;
        }
    }

    /// The most that were held; 0: none.
    [[nodiscard]] std::size_t held() const noexcept { return held_; }
    /// The least that were not.
    [[nodiscard]] std::optional<std::size_t> missed() const noexcept { return missed_; }

private:
    std::size_t first_;
    std::size_t limit_;
    std::size_t held_ = 0;
    std::optional<std::size_t> missed_;
};

}  // namespace outboard::bench
