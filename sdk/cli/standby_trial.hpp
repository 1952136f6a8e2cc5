// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// `outboard run --test-standby`: asks each service of the chain what the death of its primary
/// would cost, kills it, and holds what happened against the forecast.

#include "sdk/cli/run_options.hpp"

#include <outboard/host.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace outboard::cli {

/// When the primary is killed.
enum class Moment : std::uint8_t {
    quiet,  ///< between two blocks
    busy,   ///< while the services have a block
};

/// One kill.
struct Trial {
    std::string service;
    Moment moment = Moment::quiet;
    ob_insert_forecast forecast{};
    std::string refusal;                 ///< why nothing was killed; empty: it was
    std::uint64_t blocks_lost = 0;       ///< concealed, to the kill
    std::uint64_t blocks_disturbed = 0;  ///< concealed because the machine stalled meanwhile
    std::optional<double> detected_us;   ///< from the signal until the library knew
    std::optional<bool> is_identical;    ///< with an undisturbed stream; nothing: cannot be told
    std::uint64_t from_frame = 0;        ///< of the stream
    std::uint64_t to_frame = 0;
};

/// Whether what happened is what was forecast.
[[nodiscard]] bool has_held(const Trial& trial) noexcept;

/// Streams, kills each service of the chain at a quiet and at a busy moment.
/// @pre no service is found by name: those are never killed
/// @throws Failure, outboard::Error
[[nodiscard]] std::vector<Trial> try_standbys(const RunOptions& options);

/// A line for the forecast of each kill and one for what happened.
[[nodiscard]] std::string trial_text(const Trial& trial);

}  // namespace outboard::cli
