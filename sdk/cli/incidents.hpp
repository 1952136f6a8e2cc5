// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// From the library's incidents to what a report tells: a service lost and an answer again are two
/// incidents, and one failover.

#include "sdk/cli/chain.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace outboard::cli {

struct Failover {
    std::size_t insert_index = 0;
    ob_incident lost{};                            ///< the service
    std::optional<std::uint64_t> wet_again_frame;  ///< of the stream; nothing: it ended before
    std::uint64_t frames_lost = 0;
};

/// Frames [first_frame, end_frame) of an insert's output that the fallback filled.
struct Gap {
    std::size_t insert_index;
    std::uint64_t first_frame;
    std::uint64_t end_frame;
};

/// A block that services died over, and is given to none any more.
struct PoisonBlock {
    ChainIncident entry;
    std::string file;  ///< with its input; empty: none was kept
};

/// Those that ended, in order of time. A late block makes one as well as a lost service.
[[nodiscard]] std::vector<Gap> gaps_of(std::span<const ChainIncident> incidents);

/// In order of their frames. Of services that were lost within one gap, the first one is given the
/// frames of the gap.
[[nodiscard]] std::vector<Failover> pair_failovers(std::span<const ChainIncident> incidents);

/// The insert was wet at the end, so each gap of it has been told as wet again: what was lost and
/// is still open had none. A standby took over, or, at free pace, the stream waited.
void close_without_gaps(std::span<Failover> failovers, std::size_t insert_index) noexcept;

[[nodiscard]] std::vector<ChainIncident> incidents_of(std::span<const ChainIncident> incidents,
                                                      ob_incident_kind kind);

/// From the strike to the moment when the library knew, if it was struck by us.
[[nodiscard]] std::optional<double> detected_us(const Failover& failover) noexcept;

/// From the first frame concerned to the first wet one; nothing when the stream ended before.
[[nodiscard]] std::optional<std::uint64_t> gap_frames(const Failover& failover) noexcept;

/// "kill", "wake" ...
[[nodiscard]] const char* cause_name(ob_cause cause) noexcept;

/// How the process ended, for people: "signal 9", "exit code 3".
[[nodiscard]] std::string end_text(const Failover& failover);

}  // namespace outboard::cli
