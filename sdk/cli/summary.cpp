// SPDX-License-Identifier: MIT
#include "sdk/cli/summary.hpp"

#include "sdk/cli/device_report.hpp"
#include "sdk/cli/duration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace outboard::cli {

namespace {

std::string plural(std::uint64_t count, const char* noun)
{
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string latency_text(const RunResult& result)
{
    const Histogram round_trip = merge_of(result, &InsertResult::round_trip);
    const auto p50_ns = percentile_ns(round_trip, 0.5);
    const auto p99_ns = percentile_ns(round_trip, 0.99);
    if (!p50_ns || !p99_ns)
        return "no block was answered";
    return fmt::format("round trip {} p50, {} p99", short_time(*p50_ns), short_time(*p99_ns));
}

const char* fallback_adjective(ob_fallback fallback) noexcept
{
    switch (fallback) {
        case OB_FALLBACK_DRY: return "dry";
        case OB_FALLBACK_SILENCE: return "silent";
        case OB_FALLBACK_HOLD: return "held";
    }
    return "dry";
}

std::string loss_text(const RunResult& result)
{
    const double seconds = dry_seconds(result);
    if (seconds == 0)
        return "nothing lost";
    return fmt::format("{} {}", short_time(seconds * 1e9),
                       fallback_adjective(result.options.fallback));
}

/// How long each gap was; of many, the median and the longest.
std::string recovery_text(const RunResult& result)
{
    std::vector<double> gaps_ns;
    for (const Failover& failover : result.failovers) {
        if (const auto gap = gap_frames(failover))
            gaps_ns.push_back(to_seconds(*gap, result.format.rate_hz) * 1e9);
    }
    if (gaps_ns.empty())
        return result.failovers.empty() ? "" : ", not wet again before the end";
    std::sort(gaps_ns.begin(), gaps_ns.end());
    if (gaps_ns.back() == 0)
        return ", replaced without a gap";
    if (gaps_ns.size() == 1)
        return fmt::format(", wet again after {}", short_time(gaps_ns.front()));
    return fmt::format(", wet again after {} (median, longest {})",
                       short_time(gaps_ns[(gaps_ns.size() - 1) / 2]), short_time(gaps_ns.back()));
}

std::string failure_text(const RunResult& result)
{
    const auto struck = static_cast<std::uint64_t>(
        std::count_if(result.faults.begin(), result.faults.end(),
                      [](const auto& fault) { return fault.has_struck; }));
    std::string text;
    if (!result.faults.empty())
        text = fmt::format("{} struck of {}, ", plural(struck, "fault"), result.faults.size());
    if (!result.failovers.empty())
        text += plural(result.failovers.size(), "service") + " lost: ";
    return text + loss_text(result) + recovery_text(result);
}

/// The crashes of which more is known than that a process was killed.
std::string crashes_text(const RunResult& result)
{
    constexpr std::size_t lines_max = 5;
    std::string text;
    std::size_t line_count = 0;
    for (const ServiceCrash& crash : result.crashes) {
        if (!tells_something(crash.report))
            continue;
        if (++line_count <= lines_max)
            text += crash_text(result.inserts[crash.insert_index].label, crash.report) + '\n';
    }
    if (line_count > lines_max)
        text += fmt::format("and {} more; see the report\n", line_count - lines_max);
    return text;
}

/// The blocks that services died over, and the processors that had to be reset.
std::string bad_blocks_text(const RunResult& result)
{
    std::string text;
    for (const PoisonBlock& poison : result.poison_blocks) {
        const ob_incident& incident = poison.entry.incident;
        text +=
            fmt::format("block {} ends every process of {} that is given it, and is left out: {}\n",
                        incident.sequence, result.inserts[poison.entry.insert_index].label,
                        poison.file.empty() ? "--save-poison DIR keeps it" : poison.file);
    }
    for (const InsertResult& insert : result.inserts) {
        if (insert.statistics.resets != 0) {
            text += fmt::format("{} gave NaN or infinity three blocks in a row: reset {}\n",
                                insert.label, plural(insert.statistics.resets, "time"));
        }
    }
    return text;
}

/// How each insert's standbys stood at the end, and whether one ever gave out something else.
std::string standby_text(const RunResult& result)
{
    if (result.options.standby == OB_STANDBY_NONE)
        return "";
    std::string text;
    for (const InsertResult& insert : result.inserts) {
        const ob_insert_status& status = insert.status;
        text += fmt::format("standbys of {}: {} of {} in step, {}; guarantee: {}", insert.label,
                            status.standby_count, status.standbys_wanted,
                            standby_placement_name(status.standby_placement),
                            guarantee_name(status.guarantee));
        if (*status.guarantee_reason != '\0')
            text += fmt::format(" ({})", static_cast<const char*>(status.guarantee_reason));
        text += '\n';
    }
    if (!result.divergences.empty())
        text += plural(result.divergences.size(), "divergence") + " of a standby's output\n";
    return text;
}

std::string files_text(const RunResult& result)
{
    std::string text;
    for (const std::string* path : {&result.options.dry_output, &result.options.output,
                                    &result.options.report_path, &result.options.page_path}) {
        if (!path->empty())
            text += (text.empty() ? "files: " : ", ") + *path;
    }
    return text.empty() ? text : text + '\n';
}

std::string rights_text(const RunResult& result)
{
    if (result.options.pace == OB_PACE_FREE || result.options.priority == 0 ||
        result.audio_thread.step == OB_REALTIME_FIFO)
        return "";
    return fmt::format("the audio thread was not SCHED_FIFO: {}\n",
                       result.audio_thread.description);
}

}  // namespace

std::string short_time(double time_ns)
{
    if (time_ns < 1e3)
        return fmt::format("{:.0f} ns", time_ns);
    if (time_ns < 1e6)
        return fmt::format("{:.3g} us", time_ns / 1e3);
    if (time_ns < 1e9)
        return fmt::format("{:.3g} ms", time_ns / 1e6);
    return time_ns < 1e11 ? fmt::format("{:.3g} s", time_ns / 1e9)
                          : fmt::format("{:.0f} s", time_ns / 1e9);
}

std::string chain_text(const RunResult& result)
{
    std::string text;
    for (const InsertResult& insert : result.inserts)
        text += (text.empty() ? "" : " > ") + insert.label;
    return text;
}

double dry_seconds(const RunResult& result) noexcept
{
    return to_seconds(sum_of(result, &ob_insert_statistics::frames_lost), result.format.rate_hz);
}

std::string summary_text(const RunResult& result)
{
    const double seconds = to_seconds(result.frames, result.format.rate_hz);
    return fmt::format(
        "{} streamed through {} in {}, {}; {}\n{}; {}\n{}{}{}{}{}{}", short_time(seconds * 1e9),
        chain_text(result), short_time(static_cast<double>(result.elapsed_ns)),
        plural(result.blocks, "block"), latency_text(result), failure_text(result),
        plural(result.device.xruns, "xrun"), device_text(result), crashes_text(result),
        bad_blocks_text(result), standby_text(result), rights_text(result), files_text(result));
}

}  // namespace outboard::cli
