// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// `equaliser`: eight second-order bands in a row: low cut, low shelf, four peaks, high shelf,
/// high cut. A changed band is mixed over from the old filter to the new one, coefficient by
/// coefficient; the cuts are switched on and off in the same way.

#include "plugins/builtin/biquad.hpp"
#include "plugins/builtin/builtin_processor.hpp"
#include "plugins/builtin/frame_grid.hpp"

#include <array>
#include <span>
#include <vector>

namespace outboard::builtin {

/// The filter of one band on its way from one setting to another.
struct BandFilter {
    BiquadCoefficients from;
    BiquadCoefficients to;
    std::uint32_t move_frames = 0;  ///< length of the way
    std::uint32_t left_frames = 0;  ///< 0: has arrived

    void aim(const BiquadCoefficients& target, std::uint32_t frame_count) noexcept;
    /// What it will be `frame_count` frames from now. Computed afresh and not step by step, so
    /// that each channel sees the same numbers.
    [[nodiscard]] BiquadCoefficients after(std::uint32_t frame_count) const noexcept;
    void advance(std::uint32_t frame_count) noexcept;
};

class Equaliser final : public BuiltinProcessor {
public:
    static constexpr std::size_t peak_count = 4;
    static constexpr std::size_t band_count = peak_count + 4;

    enum ParameterId : std::uint32_t {
        low_cut_on,
        low_cut_hz,
        low_shelf_hz,
        low_shelf_db,
        peak_hz,  ///< of the first peak; three parameters a peak
        peak_db,
        peak_q,
        high_shelf_hz = peak_hz + 3 * peak_count,
        high_shelf_db,
        high_cut_on,
        high_cut_hz,
        parameter_count
    };

    static constexpr const char* name = "equaliser";
    static constexpr const char* description = "Low and high cut, two shelves and four peaks";
    static constexpr std::uint32_t flags = OB_PROCESSOR_DETERMINISTIC;
    static const std::array<ob_parameter_info, parameter_count> parameters;

    Equaliser() noexcept : BuiltinProcessor(name, parameters) {}

    /// Until the slowest resonance has fallen by 60 dB.
    [[nodiscard]] std::uint64_t tail_frames() const noexcept override;

private:
    using Grid = FrameGrid<64>;
    using BandCoefficients = std::array<BiquadCoefficients, band_count>;
    using ChannelState = std::array<BiquadState, band_count>;

    [[nodiscard]] BandCoefficients coefficients() const noexcept;
    void allocate(const PrepareInfo& info, StateRegions& state) override;
    void clear() noexcept override;
    void follow_parameters(Change change) noexcept override;
    void render(const Segment& segment) noexcept override;
    void render_channel(std::span<const float> in, float* out, ChannelState& state) const noexcept;
    void drop_tiny_states() noexcept;

    std::array<BandFilter, band_count> bands_;
    std::vector<ChannelState> channels_;
    Grid grid_;
};

}  // namespace outboard::builtin
