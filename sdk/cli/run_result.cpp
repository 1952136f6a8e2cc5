// SPDX-License-Identifier: MIT
#include "sdk/cli/run_result.hpp"

namespace outboard::cli {

double file_seconds(const RunResult& result, std::size_t insert_index,
                    std::uint64_t stream_frame) noexcept
{
    const auto frame = static_cast<double>(stream_frame) +
                       static_cast<double>(result.inserts[insert_index].latency_after_frames) -
                       static_cast<double>(result.skip_frames);
    return frame / result.format.rate_hz;
}

std::uint64_t sum_of(const RunResult& result, std::uint64_t ob_insert_statistics::*figure) noexcept
{
    std::uint64_t sum = 0;
    for (const InsertResult& insert : result.inserts)
        sum += insert.statistics.*figure;
    return sum;
}

Histogram merge_of(const RunResult& result, Histogram InsertResult::*histogram)
{
    Histogram merged;
    for (const InsertResult& insert : result.inserts)
        merged = merge(merged, insert.*histogram);
    return merged;
}

const char* standby_placement_name(ob_standby_placement placement) noexcept
{
    switch (placement) {
        case OB_STANDBY_PLACEMENT_AUTO: return "none";
        case OB_STANDBY_PLACEMENT_TRAILING: return "trailing";
        case OB_STANDBY_PLACEMENT_OTHER: return "other";
    }
    return "none";
}

const char* guarantee_name(ob_guarantee guarantee) noexcept
{
    switch (guarantee) {
        case OB_GUARANTEE_NONE: return "none";
        case OB_GUARANTEE_PARAMETERS: return "state only";
        case OB_GUARANTEE_FINITE_MEMORY: return "finite memory";
        case OB_GUARANTEE_EXACT: return "exact";
    }
    return "none";
}

const char* step_name(ob_realtime_step step) noexcept
{
    switch (step) {
        case OB_REALTIME_NONE: return "none";
        case OB_REALTIME_NICE: return "nice";
        case OB_REALTIME_KIT: return "rtkit";
        case OB_REALTIME_FIFO: return "fifo";
    }
    return "none";
}

}  // namespace outboard::cli
