// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Hosts and their inserts in 80 columns, for `outboard status` and `outboard top`.

#include "sdk/cli/observed.hpp"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <tuple>
#include <vector>

namespace outboard::cli {

struct TableLine {
    std::string text;          ///< without a line end
    bool is_heading = false;   ///< of the columns
    bool is_alarming = false;  ///< something went wrong since the last time
};

/// What had gone wrong when the table was made last; its lines are compared with that.
class TroubleCounts {
public:
    /// @return whether there are more misses or lost services than at the last call for that insert
    [[nodiscard]] bool have_grown(const ob_host_entry& host, const ob_observed_insert& insert);

private:
    using Key = std::tuple<std::int32_t, std::uint32_t, std::uint32_t>;
    std::map<Key, std::uint64_t> counts_;
};

/// For each host a line of its own, a line for each insert, and notes on what is not as it could
/// be.
[[nodiscard]] std::vector<TableLine> host_table(std::span<const ObservedHost> hosts,
                                                TroubleCounts& trouble);

/// What stands where there is no host.
[[nodiscard]] const char* no_host_text() noexcept;

}  // namespace outboard::cli
