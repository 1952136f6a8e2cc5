// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The outline of a sound as it passes: lowest and highest sample of each of a fixed number of
/// slices of time. Memory and cost do not depend on how long the sound is.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace outboard::cli {

struct Peak {
    float low = 0;
    float high = 0;
};

class PeakTrace {
public:
    static constexpr std::size_t slice_count_max = 1200;

    /// @param frame_count  of the whole sound, at least 1
    explicit PeakTrace(std::uint64_t frame_count);

    /// Adds the next frames of all channels.
    /// @thread audio
    /// @rt     wait-free, O(frames x channels)
    void add(std::span<const float* const> channels, std::size_t frame_count) noexcept;

    [[nodiscard]] std::span<const Peak> slices() const noexcept { return slices_; }
    [[nodiscard]] std::uint64_t frames_per_slice() const noexcept { return frames_per_slice_; }

private:
    std::uint64_t frames_per_slice_;
    std::vector<Peak> slices_;
    std::size_t slice_index_ = 0;
    std::uint64_t frames_in_slice_ = 0;
};

}  // namespace outboard::cli
