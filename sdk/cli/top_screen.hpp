// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What `outboard top` shows.

#include "sdk/cli/host_table.hpp"
#include "sdk/cli/observed.hpp"

#include <cstddef>
#include <span>
#include <string>

namespace outboard::cli {

/// "2 hosts, 5 inserts, 4 services, 1 without an answer"
[[nodiscard]] std::string totals_text(std::span<const ObservedHost> hosts);

/// One view without colours, with line ends, for what is no terminal.
[[nodiscard]] std::string plain_view(std::span<const ObservedHost> hosts, TroubleCounts& trouble);

/// One view for a terminal of that size: headings and what is alarming stand out, what there is no
/// room for is cut.
[[nodiscard]] std::string terminal_view(std::span<const ObservedHost> hosts, TroubleCounts& trouble,
                                        std::size_t columns, std::size_t line_count);

}  // namespace outboard::cli
