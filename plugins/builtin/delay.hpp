// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// `delay`: echoes, each darker than the one before.
///
///     in --+------------------------------(1 - mix)--> + --> out
///          v                                           ^
///         (+)--> [ line ] --+--> wet ----------(mix)---+
///          ^                v
///          +--(feedback)-- [ low-pass ]
///
/// The delay is a whole number of frames; a new time fades in (FadingTap), so that nothing clicks
/// and nothing changes pitch.

#include "plugins/builtin/builtin_processor.hpp"
#include "plugins/builtin/delay_line.hpp"
#include "plugins/builtin/fading_tap.hpp"
#include "plugins/builtin/ramp.hpp"

#include <array>
#include <vector>

namespace outboard::builtin {

class Delay final : public BuiltinProcessor {
public:
    enum ParameterId : std::uint32_t { time_ms, feedback, mix, high_cut_hz, parameter_count };

    static constexpr const char* name = "delay";
    static constexpr const char* description = "Echoes with feedback, each darker than the last";
    static constexpr std::uint32_t flags = OB_PROCESSOR_DETERMINISTIC;
    static const std::array<ob_parameter_info, parameter_count> parameters;

    Delay() noexcept : BuiltinProcessor(name, parameters) {}

    /// Until the echoes are 60 dB below the sound that made them.
    [[nodiscard]] std::uint64_t tail_frames() const noexcept override;

private:
    void allocate(const PrepareInfo& info, StateRegions& state) override;
    void clear() noexcept override;
    void follow_parameters(Change change) noexcept override;
    void render(const Segment& segment) noexcept override;
    void render_frame(const Segment& segment, std::uint32_t frame) noexcept;

    std::vector<DelayLine> lines_;  ///< one a channel
    std::vector<float> damped_;     ///< state of each channel's low-pass
    std::uint64_t stream_frame_ = 0;
    FadingTap tap_;
    Ramp feedback_;
    Ramp mix_;
    Ramp damping_;  ///< coefficient of the low-pass
};

}  // namespace outboard::builtin
