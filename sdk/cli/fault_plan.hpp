// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What strikes when, in frames of the stream. Arithmetic only: FaultStriker does the striking.

#include "sdk/cli/fault_spec.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace outboard::cli {

struct PlannedFault {
    std::uint64_t frame = 0;       ///< strikes when the stream has come this far
    std::size_t insert_index = 0;  ///< in the chain
    ob_fault kind = OB_FAULT_KILL;
    std::uint32_t argument = 0;
};

class FaultPlan {
public:
    /// @param labels  of the chain, not empty
    /// @throws Failure (usage) for a service that the chain does not have
    FaultPlan(std::span<const FaultSpec> specs, const std::vector<std::string>& labels,
              std::uint32_t rate_hz);

    /// The earliest that is left; nothing: all have had their turn.
    [[nodiscard]] std::optional<PlannedFault> next() const noexcept;

    /// Goes on to the one after next(). @pre next() gives one
    void advance() noexcept;

private:
    struct Entry {
        PlannedFault fault;
        std::uint64_t first_ns = 0;
        std::uint64_t every_ns = 0;
        std::uint64_t strikes = 0;
        bool is_over = false;
    };

    [[nodiscard]] const Entry* earliest() const noexcept;

    std::vector<Entry> entries_;
    std::uint32_t rate_hz_;
};

}  // namespace outboard::cli
