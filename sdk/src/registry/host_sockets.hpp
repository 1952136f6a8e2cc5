// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Where hosts can be observed: one socket for each host, in a directory of their own.
///
///     $XDG_RUNTIME_DIR/outboard/hosts/PID.lock    locked by the host for its life
///     $XDG_RUNTIME_DIR/outboard/hosts/PID.sock    listens there
///
/// Further hosts in the same process are PID-2, PID-3, and so on. What a host left that was killed
/// is removed by whoever lists next, or makes a host, under the lock.

#include "rt/control/result.hpp"
#include "sdk/src/registry/registry.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace outboard::registry {

/// How many hosts of one process can be observed.
inline constexpr std::uint32_t hosts_of_a_process_max = 16;

/// The directory of this user's hosts, made if it is missing.
/// @return unsupported, with the remedy, when XDG_RUNTIME_DIR is not set or cannot be used
[[nodiscard]] rt::Result<std::string> host_directory();

/// A socket for one more host of this process; removed with the result. Removes what dead hosts
/// have left.
[[nodiscard]] rt::Result<Registration> claim_host_socket();

struct HostEntry {
    std::int32_t process_id;
    std::uint32_t number;  ///< of the hosts in that process, from 1
    std::string socket_path;
};

/// All hosts that run, by process and number. Removes what dead ones have left.
[[nodiscard]] rt::Result<std::vector<HostEntry>> list_hosts();

}  // namespace outboard::registry
