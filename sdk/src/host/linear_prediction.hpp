// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Continues a signal that has stopped, by linear prediction: each frame to come is a weighted sum
/// of the 32 before it. The weights are fitted by Burg's method (J. P. Burg, "Maximum Entropy
/// Spectral Analysis", Stanford 1975; S. M. Kay, "Modern Spectral Estimation", 1988, section 7.6),
/// which resolves tones in a short window and always gives a stable filter, so that the
/// continuation rings on or dies away and never grows without limit.

#include "rt/path/contract.hpp"

#include <array>
#include <cstddef>
#include <span>

namespace outboard::host {

class LinearPrediction {
public:
    static constexpr std::size_t order = 32;
    static constexpr std::size_t past_frames_max = 512;
    static constexpr std::size_t next_frames_max = 64;
    /// The continuation is never louder than this many times the peak of the past.
    static constexpr double peak_ratio_max = 2.0;

    /// Writes the frames that are most likely to follow. What is not finite in the past counts as
    /// 0; what is written is finite.
    /// @param past  up to 512 frames of one channel, oldest first; silence if there are none
    /// @param next  up to 64 frames
    /// @rt     bounded, O(order * past frames), about 20 us; no allocation, lock or system call
    void continue_signal(std::span<const float> past, std::span<float> next) noexcept
        OB_NONBLOCKING;

private:
    [[nodiscard]] double load(std::span<const float> past) noexcept;
    void fit(std::size_t past_frames) noexcept;
    [[nodiscard]] double reflection(std::size_t stage, std::size_t past_frames) const noexcept;
    void filter_errors(std::size_t stage, std::size_t past_frames, double reflection) noexcept;
    void extend_weights(std::size_t stage, double reflection) noexcept;
    void extrapolate(double peak, std::span<float> next) noexcept;

    // Work space; nothing in it outlives a call.
    std::array<double, past_frames_max> forward_errors_{};
    std::array<double, past_frames_max> backward_errors_{};
    std::array<double, order> weights_{};  ///< of the frames before, the nearest first
    /// The last `order` frames of the past, then the continuation; the peak of the past is 1.
    std::array<double, order + next_frames_max> signal_{};
};

}  // namespace outboard::host
