// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The state of a host as it told it.

#include "rt/control/result.hpp"

#include <outboard/observe.h>

#include <cstdint>
#include <string>
#include <vector>

namespace outboard::observe {

/// Far more than a host has; what is beyond it is no host.
inline constexpr std::uint32_t insert_count_max = 16'384;

struct Snapshot {
    ob_observed_host host;
    std::vector<ob_observed_insert> inserts;  ///< host.insert_count of them, by number
};

/// Asks the host that listens at `socket_path`, and waits for its answer until `deadline_ns`.
/// @return not_found when nobody listens there any more; timed_out; no_permission when it is
///         another user's; protocol when it said something else
[[nodiscard]] rt::Result<Snapshot> read_snapshot(const std::string& socket_path,
                                                 std::uint64_t deadline_ns);

}  // namespace outboard::observe
