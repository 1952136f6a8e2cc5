// SPDX-License-Identifier: MIT
#include "sdk/cli/incidents.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace outboard::cli {

namespace {

[[nodiscard]] Gap gap_of(const ChainIncident& wet_again) noexcept
{
    const std::uint64_t end_frame = wet_again.incident.stream_frame;
    return {.insert_index = wet_again.insert_index,
            .first_frame = end_frame - std::min(end_frame, wet_again.incident.frames_lost),
            .end_frame = end_frame};
}

/// Gives the gap to the services that were lost in it. One that was lost before the gap began had
/// none: a standby took over.
void close_gap(std::vector<Failover>& failovers, const ChainIncident& wet_again)
{
    const std::uint64_t first_frame = gap_of(wet_again).first_frame;
    bool is_first = true;
    for (Failover& failover : failovers) {
        if (failover.insert_index != wet_again.insert_index || failover.wet_again_frame)
            continue;
        if (failover.lost.stream_frame < first_frame) {
            failover.wet_again_frame = failover.lost.stream_frame;
            continue;
        }
        failover.wet_again_frame = wet_again.incident.stream_frame;
        failover.frames_lost = is_first ? wet_again.incident.frames_lost : 0;
        is_first = false;
    }
}

}  // namespace

std::vector<Gap> gaps_of(std::span<const ChainIncident> incidents)
{
    std::vector<Gap> gaps;
    for (const ChainIncident& entry : incidents) {
        if (entry.incident.kind == OB_INCIDENT_WET_AGAIN && entry.incident.frames_lost != 0)
            gaps.push_back(gap_of(entry));
    }
    return gaps;
}

std::vector<Failover> pair_failovers(std::span<const ChainIncident> incidents)
{
    std::vector<Failover> failovers;
    for (const ChainIncident& entry : incidents) {
        if (entry.incident.kind == OB_INCIDENT_FAILOVER) {
            failovers.push_back({.insert_index = entry.insert_index,
                                 .lost = entry.incident,
                                 .wet_again_frame = std::nullopt,
                                 .frames_lost = entry.incident.frames_lost});
        } else if (entry.incident.kind == OB_INCIDENT_WET_AGAIN) {
            close_gap(failovers, entry);
        }
    }
    std::stable_sort(failovers.begin(), failovers.end(), [](const auto& a, const auto& b) {
        return a.lost.stream_frame < b.lost.stream_frame;
    });
    return failovers;
}

void close_without_gaps(std::span<Failover> failovers, std::size_t insert_index) noexcept
{
    for (Failover& failover : failovers) {
        if (failover.insert_index == insert_index && !failover.wet_again_frame)
            failover.wet_again_frame = failover.lost.stream_frame;
    }
}

std::vector<ChainIncident> incidents_of(std::span<const ChainIncident> incidents,
                                        ob_incident_kind kind)
{
    std::vector<ChainIncident> found;
    std::copy_if(incidents.begin(), incidents.end(), std::back_inserter(found),
                 [kind](const auto& entry) { return entry.incident.kind == kind; });
    return found;
}

std::optional<double> detected_us(const Failover& failover) noexcept
{
    const ob_incident& lost = failover.lost;
    if (lost.fault_ns == 0 || lost.detected_ns < lost.fault_ns)
        return std::nullopt;
    return static_cast<double>(lost.detected_ns - lost.fault_ns) / 1000;
}

std::optional<std::uint64_t> gap_frames(const Failover& failover) noexcept
{
    if (!failover.wet_again_frame)
        return std::nullopt;
    return *failover.wet_again_frame -
           std::min(*failover.wet_again_frame, failover.lost.stream_frame);
}

const char* cause_name(ob_cause cause) noexcept
{
    switch (cause) {
        case OB_CAUSE_UNKNOWN: return "unknown";
        case OB_CAUSE_KILL: return "kill";
        case OB_CAUSE_WAKE: return "wake";
        case OB_CAUSE_DSP: return "dsp";
        case OB_CAUSE_HOST: return "host";
        case OB_CAUSE_CRASH: return "crash";
        case OB_CAUSE_HANG: return "hang";
        case OB_CAUSE_CORRUPT: return "corrupt";
        case OB_CAUSE_CLOSED: return "closed";
        case OB_CAUSE_HUNG: return "hung";
        case OB_CAUSE_REMOVED: return "removed";
        case OB_CAUSE_BEHIND: return "behind";
    }
    return "unknown";
}

std::string end_text(const Failover& failover)
{
    if (failover.lost.cause != OB_CAUSE_CRASH)
        return cause_name(failover.lost.cause);
    const std::int32_t detail = failover.lost.detail;
    return detail < 0 ? fmt::format("signal {}", -detail) : fmt::format("exit code {}", detail);
}

}  // namespace outboard::cli
