// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// All hosts of the user as they are at this moment, and what the figures of an insert amount to.

#include <outboard/observe.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace outboard::cli {

struct ObservedHost {
    ob_host_entry entry{};
    std::optional<Snapshot> snapshot;  ///< nothing: see `problem`
    std::string problem;               ///< why it did not answer
};

/// Asks every host, or those of one process. A host that ends meanwhile is left out.
/// @throws outboard::Error without XDG_RUNTIME_DIR
[[nodiscard]] std::vector<ObservedHost> observe_hosts(
    std::optional<std::int32_t> process_id = std::nullopt);

/// The part of the time of a block that its processing takes, at the median; nothing before the
/// first block.
[[nodiscard]] std::optional<double> dsp_load(const ob_observed_insert& insert) noexcept;

/// "wet", "fallback", "broken"
[[nodiscard]] const char* state_name(ob_insert_state state) noexcept;

[[nodiscard]] const ob_histogram_summary& histogram_of(const ob_observed_insert& insert,
                                                       ob_histogram_kind kind) noexcept;

}  // namespace outboard::cli
