// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What `outboard run` is asked to do.

#include "sdk/cli/device_plan.hpp"
#include "sdk/cli/fault_spec.hpp"
#include "sdk/cli/parameter_setting.hpp"

#include <outboard/host.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace outboard::cli {

struct RunOptions {
    std::vector<std::string> inputs;    ///< files and tones, played one after the other
    DevicePlan devices;                 ///< in place of files, or none
    std::string output;                 ///< empty: the sound is dropped
    std::string dry_output;             ///< the input as it was streamed; empty: not kept
    std::vector<std::string> services;  ///< the chain, from input to output
    std::vector<ParameterSetting> parameters;
    std::uint32_t repeat_count = 1;

    std::uint32_t block_frames = 64;
    std::uint32_t rate_hz = 0;        ///< 0: the first file's
    std::uint32_t channel_count = 0;  ///< 0: the first file's
    ob_mode mode = OB_MODE_SYNC;
    std::uint32_t latency_blocks = 1;
    ob_pace pace = OB_PACE_REALTIME;
    std::uint64_t deadline_ns = 0;  ///< of a cycle; 0: half a period
    bool aligned = true;
    std::optional<std::uint64_t> tail_ns = 0;  ///< after the input; nothing: the processors' own

    ob_standby standby = OB_STANDBY_NONE;
    std::uint32_t standby_count = 1;  ///< with hot standbys
    ob_standby_placement standby_placement = OB_STANDBY_PLACEMENT_AUTO;
    ob_fallback fallback = OB_FALLBACK_DRY;
    std::uint64_t hang_limit_ns = 0;  ///< 0: the library's default
    std::vector<FaultSpec> faults;
    bool test_standby = false;  ///< instead of a run: kill, and compare with the forecast

    ob_placement placement = OB_PLACEMENT_AUTO;
    std::int32_t cpu = -1;  ///< for the audio thread; -1: chosen from the placement
    std::int32_t priority = 70;
    std::uint32_t spin_us = 0;
    ob_grouping grouping = OB_GROUPING_INSERT;  ///< which services share a process
    bool hold_cpu_latency = false;

    std::string poison_folder;  ///< for blocks that services die over; empty: they are not kept
    std::string report_path;
    std::string page_path;
    bool json = false;
    bool quiet = false;
    bool verbose = false;
    std::vector<std::string> command_line;  ///< as it was typed, for the report
};

/// @param arguments  what follows `outboard run`
/// @return nothing when --help was asked for, which has then been printed
/// @throws Failure (usage)
[[nodiscard]] std::optional<RunOptions> parse_run_options(
    const std::vector<std::string>& arguments);

}  // namespace outboard::cli
