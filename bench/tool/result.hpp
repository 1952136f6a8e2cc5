// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What a benchmark found, as docs/bench-result.schema.json has it: the machine, the command, and
/// each measurement with its distribution and with what happened meanwhile.

#include "bench/chunked_ratio.hpp"
#include "bench/tool/distribution.hpp"

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace outboard::bench {

using Json = nlohmann::ordered_json;

/// A value and when it was measured, counted from the start of the measurement.
struct Event {
    double at_s = 0.0;
    std::uint64_t value = 0;
};

/// What one stretch of time gave.
struct Slice {
    double at_s = 0.0;
    std::uint64_t p50 = 0;
    std::uint64_t max = 0;
};

struct Measurement {
    std::string name;  ///< unique in the result: "CELL/WHAT"
    std::string cell;  ///< measurements of one cell were interleaved, and are shown together
    Json parameters;   ///< of the cell: block, mode, placement, ...
    std::string unit = "ns";
    bool lower_is_better = true;
    std::size_t warm_up_count = 0;  ///< values left out at the start
    Distribution distribution;
    double steal_ms = 0.0;  ///< that the hypervisor took from all CPUs meanwhile
    std::uint64_t distance_before_ns = 0;
    std::uint64_t distance_after_ns = 0;
    std::optional<double> idle_share;  ///< of the waiter's time that it slept
    std::vector<Event> worst;          ///< longest first
    std::vector<Slice> series;
};

/// Two measurements that took turns.
struct RatioFigure {
    std::string name;
    std::string to;
    std::string quantile;
    std::size_t pair_count = 0;
    Ratio ratio;
};

/// A fault that was brought about, and what came of it.
struct Strike {
    std::string cell;
    double at_s = 0.0;                         ///< of the cell's stream
    std::optional<std::uint64_t> detected_ns;  ///< until the library knew; none where nobody died
    std::uint64_t frames_lost = 0;
    double click_dbfs = 0.0;  ///< loudest 10 ms above 10 kHz, root mean square
    std::string clip;         ///< a file with the sound around it; empty: none
};

/// How many lanes one link could bear.
struct Limit {
    std::string cell;
    std::size_t lanes_held = 0;               ///< without a miss; 0: none
    double load_held = 0.0;                   ///< of their services, as a share of the period
    std::optional<std::size_t> lanes_missed;  ///< none: the most that were tried were held
};

struct Result {
    std::string benchmark;
    std::string command;
    std::string started_at;  ///< ISO 8601, UTC
    bool is_quick = false;
    bool is_complete = false;         ///< all that was asked for is there
    std::vector<std::string> errors;  ///< why not, or what was found wrong
    std::vector<std::string> labels;  ///< what a reader has to know first: virtual machine, ...
    Json machine;
    std::vector<Measurement> measurements;
    std::vector<RatioFigure> ratios;
    std::vector<Strike> strikes;
    std::vector<Limit> limits;
};

[[nodiscard]] Json to_json(const Result& result);

/// Of a document that another run has written; only what a comparison needs is looked at.
struct ComparedResult {
    std::string benchmark;
    std::vector<Measurement> measurements;
};

/// @throws Failure naming `path` and what is wrong
[[nodiscard]] ComparedResult read_result(const std::string& path);
[[nodiscard]] Json read_document(const std::string& path);

/// From values in the order in which they were measured.
/// @param times_s  when each came
void describe_values(Measurement& measurement, const std::vector<std::uint64_t>& values,
                     const std::vector<double>& times_s);

}  // namespace outboard::bench
