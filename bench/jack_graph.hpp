// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// JACK2 in the place of a host and its services: a server of our own with the dummy driver, and as
/// many pass-through clients as lanes, all of them in one other process.
///
///     source --+--> pass 0 ----+--> sink       a cycle lasts from the source's callback
///              +--> pass 1 ----+                until the sink's, which waits for all
///              +--> ...    ----+

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace outboard::bench {

/// Of one cycle.
struct JackCosts {
    std::uint64_t p50_ns = 0;
    std::uint64_t p99_ns = 0;
    std::uint64_t max_ns = 0;
    std::vector<std::uint64_t> times_ns;  ///< each cycle, in order
    double cpu_ns = 0.0;  ///< of the server and the clients, without source and sink
    std::size_t cycle_count = 0;
    std::uint64_t xrun_count = 0;
};

/// At 64 frames and 48 kHz, paced by the driver. @param priority  of the server, SCHED_FIFO; 0:
/// ordinary
/// Throws when JACK cannot be had, or takes no more clients.
[[nodiscard]] JackCosts measure_jack(std::size_t client_count, std::size_t cycle_count,
                                     int priority);

/// The other process: when `argv` asks for it, runs its clients until it is killed.
[[nodiscard]] std::optional<int> run_as_jack_clients(int argc, char** argv);

}  // namespace outboard::bench
