// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// From chunks to figures. All mechanisms of a size run a chunk in each round, so the chunks of one
/// round are neighbours: the ratio to the base is taken round by round, and its median told.

#include "bench/ipc/session.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace outboard::bench::ipc {

/// What one mechanism did at one size.
struct Measured {
    std::string mechanism;
    std::string refused;  ///< not empty: why it cannot carry this size here
    std::string failed;   ///< not empty: what went wrong; then no figures count
    bool has_placement = true;
    std::vector<Chunk> round_trips;  ///< one a round
    std::vector<Chunk> one_way;      ///< one a round
};

/// Times of this to times of the base, of one round each: below 1 is faster.
struct RoundRatio {
    double median = 0.0;
    double lower_quartile = 0.0;
    double upper_quartile = 0.0;
};

struct RoundTripFigures {
    std::size_t samples = 0;
    std::size_t chunks = 0;
    std::uint64_t p50_ns = 0;
    std::uint64_t p99_ns = 0;
    std::optional<std::uint64_t> p99_9_ns{};  ///< from 100,000 samples on
    std::uint64_t max_ns = 0;
    std::optional<RoundRatio> ratio{};  ///< of the chunks' medians; none without a base
    double cpus = 0.0;                  ///< CPU time of both sides to time gone by
};

struct OneWayFigures {
    std::uint64_t messages = 0;
    std::size_t chunks = 0;
    double message_ns = 0.0;  ///< median of the chunks
    std::optional<RoundRatio> ratio{};
    double cpus = 0.0;
};

/// Nothing where there are no chunks. @param base  may be null, or the same as `measured`
[[nodiscard]] std::optional<RoundTripFigures> round_trip_figures(const Measured& measured,
                                                                 const Measured* base);
[[nodiscard]] std::optional<OneWayFigures> one_way_figures(const Measured& measured,
                                                           const Measured* base);

/// All mechanisms at one size.
struct SizeResult {
    std::size_t message_bytes = 0;
    std::uint64_t distance_before_ns = 0;  ///< of the two CPUs; 0 for one
    std::uint64_t distance_after_ns = 0;
    double steal_percent = 0.0;  ///< of all CPUs' time meanwhile
    std::vector<Measured> mechanisms;

    /// Null where the base was not measured.
    [[nodiscard]] const Measured* base() const noexcept;
};

}  // namespace outboard::bench::ipc
