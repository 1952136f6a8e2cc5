// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// `compressor`: feed-forward, all channels turned down together by the loudest one.
///
/// After D. Giannoulis, M. Massberg, J. D. Reiss, "Digital Dynamic Range Compressor Design: A
/// Tutorial and Analysis", J. Audio Eng. Soc. 60 (6), 2012: soft-knee gain computer in dB,
/// followed by the smooth decoupled peak detector, which has no kinks and no level-dependent lag.
///
///     in --+--> max |x| --> dB --> overshoot --> attack / release --> gain
///          +--> lookahead delay ---------------------------------------(x)--> out

#include "plugins/builtin/builtin_processor.hpp"
#include "plugins/builtin/delay_line.hpp"
#include "plugins/builtin/ramp.hpp"

#include <array>
#include <vector>

namespace outboard::builtin {

/// The static curve: what is taken off a level.
struct CompressionCurve {
    double threshold_db = 0.0;
    double ratio = 1.0;
    double knee_db = 0.0;  ///< width of the soft part around the threshold

    /// Reduction in dB, >= 0 (equation 4 of the paper, subtracted from the input level). [rt]
    [[nodiscard]] double reduction_db(double level_db) const noexcept;
};

class Compressor final : public BuiltinProcessor {
public:
    enum ParameterId : std::uint32_t {
        threshold_db,
        ratio,
        knee_db,
        attack_ms,
        release_ms,
        makeup_db,
        lookahead_ms,  ///< takes effect at the next prepare(), since it is the latency
        parameter_count
    };

    static constexpr const char* name = "compressor";
    static constexpr const char* description = "Evens out the level, all channels together";
    static constexpr std::uint32_t flags = OB_PROCESSOR_DETERMINISTIC;
    static const std::array<ob_parameter_info, parameter_count> parameters;

    Compressor() noexcept : BuiltinProcessor(name, parameters) {}

    [[nodiscard]] std::uint32_t latency_frames() const noexcept override { return latency_frames_; }
    [[nodiscard]] std::uint64_t tail_frames() const noexcept override { return latency_frames_; }

private:
    void allocate(const PrepareInfo& info, StateRegions& state) override;
    void clear() noexcept override;
    void follow_parameters(Change change) noexcept override;
    void render(const Segment& segment) noexcept override;
    [[nodiscard]] double peak_level_db(const Segment& segment, std::uint32_t frame) const noexcept;
    [[nodiscard]] double smoothed_db(double reduction_db) noexcept;

    std::uint32_t latency_frames_ = 0;

    // What follows is DSP state.
    std::vector<DelayLine> lines_;  ///< one a channel; as long as the longest lookahead
    std::uint64_t stream_frame_ = 0;
    std::uint64_t lookahead_frames_ =
        0;  ///< of the stream: a restored one keeps that of its source
    CompressionCurve curve_;
    double attack_ = 0.0;  ///< one-pole factors of the detector
    double release_ = 0.0;
    double released_db_ = 0.0;   ///< detector: reduction that falls with the release time
    double reduction_db_ = 0.0;  ///< detector: what is applied
    Ramp makeup_db_;
};

}  // namespace outboard::builtin
