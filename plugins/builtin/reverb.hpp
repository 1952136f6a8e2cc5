// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// `reverb`: a room, by a feedback delay network (feedback_network.hpp). Made for voices: dense
/// from the start, without rumble, and wide.
///
///     even inputs --> [ diffuser ] --+--> [ feedback network ] --> width --(mix)--> + --> out
///     odd inputs ---> [ diffuser ] --+                                              ^
///     in ------------------------------------------------------------(1 - mix)------+
///
/// Takes as many channels as it gives, or one. Above sixteen, channels that are sixteen apart get
/// the same room sound.

#include "plugins/builtin/builtin_processor.hpp"
#include "plugins/builtin/diffuser.hpp"
#include "plugins/builtin/fading_tap.hpp"
#include "plugins/builtin/feedback_network.hpp"
#include "plugins/builtin/ramp.hpp"

#include <array>

namespace outboard::builtin {

class Reverb final : public BuiltinProcessor {
public:
    enum ParameterId : std::uint32_t {
        mix,
        decay_s,
        size,
        predelay_ms,
        damping,  ///< 0: highs live as long as the rest; 1: a tenth of that
        damping_hz,
        low_cut_hz,
        width,
        modulation,
        parameter_count
    };

    static constexpr const char* name = "reverb";
    static constexpr const char* description = "A room for voices, by a feedback delay network";
    static constexpr std::uint32_t flags = OB_PROCESSOR_DETERMINISTIC;
    static const std::array<ob_parameter_info, parameter_count> parameters;

    Reverb() noexcept : BuiltinProcessor(name, parameters) {}

    /// Until it has fallen by 60 dB.
    [[nodiscard]] std::uint64_t tail_frames() const noexcept override;

private:
    using Grid = FeedbackNetwork::Grid;
    using Lane = FeedbackNetwork::Lane;
    using Lanes = FeedbackNetwork::Lanes;

    [[nodiscard]] bool accepts_channels(std::uint32_t input_count,
                                        std::uint32_t output_count) const noexcept override
    {
        return input_count == output_count || input_count == 1;
    }
    void allocate(const PrepareInfo& info, StateRegions& state) override;
    void clear() noexcept override;
    void follow_parameters(Change change) noexcept override;
    void render(const Segment& segment) noexcept override;
    [[nodiscard]] bool state_is_valid() const noexcept override { return network_.is_valid(); }

    void render_within_cell(const Segment& segment) noexcept;
    void fill_buses(const Segment& segment) noexcept;
    void mix_frame(const Segment& segment, const Lanes& wet, std::uint32_t frame) noexcept;
    [[nodiscard]] float bus_input(const Segment& segment, std::uint32_t bus,
                                  std::uint32_t frame) const noexcept;

    // Constant from allocate() on, or scratch.
    float bus_gain_ = 1.0F;
    std::array<Lane, 2> buses_{};

    // DSP state.
    std::array<Diffuser, 2> diffusers_;
    FeedbackNetwork network_;
    Grid grid_;
    FadingTap predelay_;
    Ramp mix_;
    Ramp width_;
    Ramp low_cut_;  ///< coefficient of the diffusers' low cut
};

}  // namespace outboard::builtin
