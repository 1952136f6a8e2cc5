// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The heart of the reverb: sixteen delay lines that feed each other through an orthogonal matrix.
///
///     bus --(+/-)--> (+) --> [ line i ] --> [ absorption i ] --+--> [ Hadamard / 4 ] --+--> out
///                     ^                                                                |
///                     +----------------------------------------------------------------+
///
/// After J.-M. Jot, A. Chaigne, "Digital delay networks for designing artificial reverberators",
/// AES 90th Convention, 1991: the matrix keeps all energy, so each line's absorption alone sets
/// how fast it dies, and a line of L frames loses 60 dB x L / (T60 x rate) a round, by frequency.
/// The sixteen mixed signals are orthogonal too: they are the outputs as they are.
///
/// Lengths drift slowly (a few frames), which breaks up the ringing of a fixed pattern. All control
/// signals move once a cell of the frame grid and in a straight line within it.

#include "plugins/builtin/checkpoint.hpp"
#include "plugins/builtin/delay_line.hpp"
#include "plugins/builtin/frame_grid.hpp"
#include "plugins/builtin/ramp.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace outboard::builtin {

/// What the network can be set to.
struct NetworkSettings {
    double size;          ///< 0 .. 1
    double decay_s;       ///< T60 below the crossover
    double high_ratio;    ///< T60 far above it, as a part of decay_s
    double crossover_hz;  ///< where the decay (in dB a second) is halfway between the two
    double modulation;    ///< 0 .. 1
};

class FeedbackNetwork {
public:
    static constexpr std::size_t line_count = 16;
    using Grid = FrameGrid<32>;
    /// One signal within a cell. Always computed whole, so that the compiler can vectorise;
    /// frames beyond the ones asked for are of no meaning.
    using Lane = std::array<float, Grid::cell_frames>;
    using Lanes = std::array<Lane, line_count>;

    /// [!rt]
    void allocate(double sample_rate_hz, StateRegions& state);
    void clear() noexcept;

    /// @param glide_cells  cells of the grid to get there; 0 jumps [rt]
    void aim(const NetworkSettings& settings, std::uint32_t glide_cells) noexcept;

    /// Runs the frames `grid` stands at.
    /// @param even, odd    what goes into the lines with even and odd numbers
    /// @param frame_count  within the present cell
    /// @return the mixed signals, until the next call [rt]
    [[nodiscard]] const Lanes& process(const Grid& grid, const Lane& even, const Lane& odd,
                                       std::uint32_t frame_count) noexcept;

    /// Whether a restored state can be used: lengths must be numbers.
    [[nodiscard]] bool is_valid() const noexcept;

private:
    /// First-order high shelf, transposed direct form II.
    struct Absorption {
        float b0, b1, a1, z;
    };

    void begin_cell() noexcept;
    void update_lengths() noexcept;
    void update_absorption() noexcept;
    [[nodiscard]] bool absorption_is_moving() const noexcept;
    [[nodiscard]] double line_frames(std::size_t line) const noexcept;
    void read_line(std::size_t line, const Grid& grid, std::uint32_t frame_count) noexcept;
    void mix_lines() noexcept;
    void write_line(std::size_t line, const Lane& bus, const Grid& grid,
                    std::uint32_t frame_count) noexcept;

    // Constant from allocate() on, or scratch.
    double sample_rate_hz_ = 0.0;
    std::uint32_t phase_step_ = 0;
    Lanes lanes_{};

    // DSP state.
    std::array<DelayLine, line_count> lines_;
    std::array<Absorption, line_count> absorption_{};
    std::array<float, line_count> begin_frames_{};  ///< length of each line where the cell begins
    std::array<float, line_count> end_frames_{};    ///< and where it ends
    float injection_ = 0.0F;
    std::uint32_t phase_ = 0;  ///< of the drift; 2^32 is a full turn
    Ramp size_;
    Ramp decay_octaves_;  ///< log2 of decay_s
    Ramp high_ratio_;
    Ramp crossover_octaves_;
    Ramp modulation_;
};

}  // namespace outboard::builtin
