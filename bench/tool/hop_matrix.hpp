// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What `outboard bench hop` varies: each combination is a cell.

#include "bench/machine.hpp"
#include "bench/tool/result.hpp"

#include <outboard/host.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace outboard::bench {

struct HopCell {
    std::uint32_t frame_count;
    ob_mode mode;
    ob_placement placement;
    bool spins;
    bool is_fifo;
    bool is_paced;

    /// "64/sync/same/spin-off/fifo/paced"
    [[nodiscard]] std::string name() const;
    [[nodiscard]] Json parameters() const;
    [[nodiscard]] std::uint64_t period_ns() const noexcept;
};

/// As they were given; an empty list means the default.
struct HopLists {
    std::vector<std::uint32_t> blocks;
    std::vector<std::string> modes;
    std::vector<std::string> placements;
    std::vector<std::string> spins;
    std::vector<std::string> classes;
    std::vector<std::string> paces;
};

/// What the machine cannot do is left out of the defaults. Nobody spins on the CPU that the other
/// needs, so there are no such cells.
/// @throws Failure when something was asked for that the machine cannot do, or nothing is left
[[nodiscard]] std::vector<HopCell> make_cells(HopLists lists, const Machine& machine,
                                              bool is_quick);

/// How long it will take at most, as far as the machine keeps up. @param sample_count  a cell
[[nodiscard]] double expected_seconds(const std::vector<HopCell>& cells,
                                      std::size_t sample_count) noexcept;

}  // namespace outboard::bench
