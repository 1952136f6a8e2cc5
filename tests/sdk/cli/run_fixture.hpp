// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A run as it could have been: two services, one killed and back, one killed and not.

#include "sdk/cli/run_result.hpp"

#include <array>
#include <cstring>

namespace outboard::cli::test {

inline Histogram histogram_around(std::uint64_t middle_ns, std::uint64_t count)
{
    return {.buckets = {{middle_ns, middle_ns + 64, count - count / 50},
                        {middle_ns * 2, middle_ns * 2 + 128, count / 50}},
            .max_ns = middle_ns * 2 + 100};
}

inline ChainIncident incident(std::size_t insert_index, ob_incident_kind kind,
                              std::uint64_t stream_frame, std::uint64_t frames_lost = 0)
{
    ChainIncident entry{.insert_index = insert_index, .incident = {}};
    entry.incident.kind = kind;
    entry.incident.cause = kind == OB_INCIDENT_LATE_BLOCK ? OB_CAUSE_WAKE : OB_CAUSE_CRASH;
    entry.incident.detail = kind == OB_INCIDENT_FAILOVER ? -9 : 0;
    entry.incident.stream_frame = stream_frame;
    entry.incident.frames_lost = frames_lost;
    return entry;
}

inline InsertResult insert_result(const char* label, std::uint64_t latency_after_frames)
{
    InsertResult insert;
    insert.label = label;
    insert.latency_after_frames = latency_after_frames;
    std::strncpy(insert.status.processor_name, label, sizeof insert.status.processor_name - 1);
    insert.status.latency_frames = 128;
    insert.status.tail_frames = OB_TAIL_INFINITE;
    insert.status.dsp_thread = {.step = OB_REALTIME_FIFO,
                                .priority = 68,
                                .cpu = 1,
                                .description = "SCHED_FIFO at priority 68"};
    insert.statistics.blocks = 3000;
    insert.statistics.frames_lost = 4800;
    insert.statistics.concealed_blocks = 75;
    insert.round_trip = histogram_around(8000, 2925);
    insert.process = histogram_around(9000, 3000);
    insert.own = histogram_around(700, 3000);
    insert.dsp = histogram_around(2000, 2925);
    return insert;
}

inline RunResult example_run()
{
    RunResult result;
    result.options.inputs = {"my voice.wav"};
    result.options.output = "out/wet & <loud>.wav";
    result.options.services = {"reverb", "gain"};
    result.options.command_line = {"outboard", "run", "--in", "my voice.wav"};
    result.format = {48'000, 1};
    result.started_at = "2026-01-02T03:04:05Z";
    result.blocks = 3000;
    result.frames = 192'000;
    result.skip_frames = 256;
    result.latency_frames = 256;
    result.output_frames = 191'744;
    result.elapsed_ns = 4'100'000'000;
    result.audio_thread = {.step = OB_REALTIME_NONE,
                           .priority = 0,
                           .cpu = -1,
                           .description = "no right to SCHED_FIFO"};
    result.inserts = {insert_result("reverb", 128), insert_result("gain", 0)};

    FaultOutcome struck;
    struck.has_struck = true;
    struck.was_delayed = true;
    struck.struck_frame = 24'000;
    result.faults = {struck, FaultOutcome{}};
    const std::array incidents{
        incident(0, OB_INCIDENT_FAILOVER, 24'000), incident(0, OB_INCIDENT_WET_AGAIN, 28'800, 4800),
        incident(1, OB_INCIDENT_FAILOVER, 180'000), incident(0, OB_INCIDENT_LATE_BLOCK, 96'000)};
    result.failovers = pair_failovers(incidents);
    result.late_blocks = incidents_of(incidents, OB_INCIDENT_LATE_BLOCK);
    result.gaps = gaps_of(incidents);
    result.dry = PeakTrace{result.output_frames};
    result.wet = PeakTrace{result.output_frames};
    return result;
}

}  // namespace outboard::cli::test
