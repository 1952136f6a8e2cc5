// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// All that is known after a run: what report, page and summary are made from.

#include "sdk/cli/block_trace.hpp"
#include "sdk/cli/chain.hpp"
#include "sdk/cli/crashes.hpp"
#include "sdk/cli/fault_striker.hpp"
#include "sdk/cli/histogram.hpp"
#include "sdk/cli/incidents.hpp"
#include "sdk/cli/live_device.hpp"
#include "sdk/cli/machine.hpp"
#include "sdk/cli/peak_trace.hpp"
#include "sdk/cli/run_options.hpp"
#include "sdk/cli/stream.hpp"

#include "audio/device.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace outboard::cli {

struct InsertResult {
    std::string label;
    std::uint64_t latency_after_frames = 0;  ///< from its output to the chain's
    ob_insert_status status{};
    ob_insert_statistics statistics{};
    Histogram round_trip;
    Histogram process;
    Histogram own;
    Histogram dsp;
};

struct RunResult {
    RunOptions options;
    StreamFormat format;
    Machine machine;
    std::string started_at;  ///< ISO 8601, UTC

    StreamEnd end = StreamEnd::complete;
    std::uint64_t blocks = 0;
    std::uint64_t frames = 0;         ///< streamed
    std::uint64_t skip_frames = 0;    ///< of them, before the output file's first
    std::uint64_t output_frames = 0;  ///< in the file
    std::uint64_t latency_frames = 0;
    std::uint64_t start_ns = 0;
    std::uint64_t elapsed_ns = 0;
    std::uint64_t disk_lost_frames = 0;
    audio::DeviceStatistics device;
    std::optional<DeviceAccount> device_account;  ///< nothing: the null device
    std::vector<DeviceGap> device_gaps;

    ob_realtime_grant audio_thread{};
    ob_realtime_grant supervisor{};
    bool cpu_latency_held = false;
    std::vector<InsertResult> inserts;
    std::vector<ChainIncident> late_blocks;
    std::vector<Gap> gaps;
    std::vector<ChainIncident> standby_losses;
    std::vector<ChainIncident> divergences;
    std::vector<Failover> failovers;
    std::vector<ServiceCrash> crashes;
    std::vector<PoisonBlock> poison_blocks;
    std::vector<ChainIncident> resets;
    std::vector<FaultOutcome> faults;
    PeakTrace dry{1};
    PeakTrace wet{1};
    BlockTrace trace{1};
};

/// A frame of an insert's output stream, as time in the output file; below 0: before its start.
[[nodiscard]] double file_seconds(const RunResult& result, std::size_t insert_index,
                                  std::uint64_t stream_frame) noexcept;

/// A sum over all inserts of the chain.
[[nodiscard]] std::uint64_t sum_of(const RunResult& result,
                                   std::uint64_t ob_insert_statistics::*figure) noexcept;

/// One histogram of all inserts of the chain.
[[nodiscard]] Histogram merge_of(const RunResult& result, Histogram InsertResult::*histogram);

/// "trailing", "other"; "none" without standbys.
[[nodiscard]] const char* standby_placement_name(ob_standby_placement placement) noexcept;

/// "exact", "finite memory", "state only", "none".
[[nodiscard]] const char* guarantee_name(ob_guarantee guarantee) noexcept;

/// "fifo", "rtkit", "nice", "none".
[[nodiscard]] const char* step_name(ob_realtime_step step) noexcept;

}  // namespace outboard::cli
