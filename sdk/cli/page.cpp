// SPDX-License-Identifier: MIT
#include "sdk/cli/page.hpp"

#include "sdk/cli/close_up.hpp"
#include "sdk/cli/duration.hpp"
#include "sdk/cli/markup.hpp"
#include "sdk/cli/picture.hpp"
#include "sdk/cli/summary.hpp"

#include <outboard/common.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <map>

namespace outboard::cli {

namespace {

using Out = std::back_insert_iterator<std::string>;

/// What the waveforms have in common: one axis of time, as long as the longer of the two files.
double axis_seconds(const RunResult& result) noexcept
{
    const std::uint64_t frames = std::max<std::uint64_t>(
        1, std::max(result.output_frames, result.frames - result.skip_frames));
    return to_seconds(frames, result.format.rate_hz);
}

double part_of_axis(const RunResult& result, double seconds) noexcept
{
    return std::clamp(seconds / axis_seconds(result), 0.0, 1.0);
}

double strike_seconds(const RunResult& result, const FaultOutcome& outcome) noexcept
{
    const double frame =
        static_cast<double>(outcome.struck_frame) - static_cast<double>(result.skip_frames);
    return std::max(0.0, frame / result.format.rate_hz);
}

WaveformMarks wet_marks(const RunResult& result)
{
    WaveformMarks marks;
    for (const FaultOutcome& outcome : result.faults) {
        if (outcome.has_struck)
            marks.strikes.push_back(part_of_axis(result, strike_seconds(result, outcome)));
    }
    for (const Failover& failover : result.failovers) {
        const std::size_t insert = failover.insert_index;
        const double from = file_seconds(result, insert, failover.lost.stream_frame);
        const double to = failover.wet_again_frame
                              ? file_seconds(result, insert, *failover.wet_again_frame)
                              : axis_seconds(result);
        marks.gaps.push_back({part_of_axis(result, from), part_of_axis(result, to)});
    }
    return marks;
}

void figure(Out out, const std::string& value, const char* label)
{
    fmt::format_to(out, "<div class=\"figure\"><b>{}</b><span>{}</span></div>\n",
                   html_escaped(value), label);
}

std::string figures_html(const RunResult& result)
{
    const Histogram round_trip = merge_of(result, &InsertResult::round_trip);
    const auto text = [&](double fraction) {
        const auto time_ns = percentile_ns(round_trip, fraction);
        return time_ns ? short_time(*time_ns) : std::string{"-"};
    };
    std::string html;
    const Out out{html};
    figure(out, text(0.5), "there and back, half of all blocks");
    figure(out, text(0.99), "there and back, 99 of 100 blocks");
    figure(out, fmt::format("{} frames", result.latency_frames), "of latency were added");
    figure(out, fmt::format("{}", result.failovers.size()), "times a service was lost");
    figure(out, short_time(dry_seconds(result) * 1e9), "of sound without it");
    return html;
}

std::string audio_html(const std::string& file, const std::filesystem::path& page_path)
{
    if (file.empty())
        return "";
    return fmt::format(R"(<audio controls preload="metadata" src="{}"></audio>)",
                       html_escaped(relative_url(file, page_path)));
}

/// Both waveforms on one scale, with a little room; near silence is not blown up.
float full_level(const RunResult& result) noexcept
{
    constexpr float lowest = 0.05F;
    return 1.05F * std::max({lowest, largest_of(result.dry), largest_of(result.wet)});
}

struct TrackView {
    const char* css_class;
    std::string heading;
    const PeakTrace* trace;
    WaveformMarks marks;
    std::string above;  ///< HTML between the heading and the waveform
    std::string below;  ///< HTML behind the waveform
};

std::string track_html(const RunResult& result, const TrackView& view)
{
    const double slice_seconds = to_seconds(view.trace->frames_per_slice(), result.format.rate_hz);
    const auto slice_count =
        static_cast<std::size_t>(std::ceil(axis_seconds(result) / slice_seconds));
    return fmt::format(
        "<div class=\"track\" data-seconds=\"{:.6f}\"><h3>{}</h3>{}"
        "<div class=\"wave {}\">{}<div class=\"head\"></div></div>{}</div>\n",
        axis_seconds(result), html_escaped(view.heading), view.above, view.css_class,
        waveform_svg(view.trace->slices(), {slice_count, full_level(result)}, view.marks),
        view.below);
}

std::string marks_html(const RunResult& result)
{
    std::string html;
    for (const FaultOutcome& outcome : result.faults) {
        if (!outcome.has_struck)
            continue;
        const double seconds = strike_seconds(result, outcome);
        fmt::format_to(std::back_inserter(html),
                       "<button type=\"button\" style=\"left:{:.2f}%\" data-seconds=\"{:.3f}\" "
                       "title=\"{} at {:.3f} s: listen\">{}</button>",
                       100 * part_of_axis(result, seconds), seconds, fault_name(outcome.fault.kind),
                       seconds, fault_name(outcome.fault.kind));
    }
    return html;
}

std::string tick_html(double part, const std::string& text)
{
    const char* const css_class = part < 0.04   ? " class=\"first\""
                                  : part > 0.96 ? " class=\"last\""
                                                : "";
    return fmt::format("<span{} style=\"left:{:.2f}%\">{}</span>", css_class, 100 * part, text);
}

/// About five ticks at 1, 2 or 5 times a power of ten.
std::string time_ticks_html(const RunResult& result)
{
    constexpr double wanted_ticks = 5;
    const double seconds = axis_seconds(result);
    const double rough = seconds / wanted_ticks;
    const double power = std::pow(10, std::floor(std::log10(rough)));
    const double multiple = rough / power;
    const double step = power * (multiple < 1.5 ? 1 : multiple < 3.5 ? 2 : multiple < 7.5 ? 5 : 10);
    std::string html;
    for (int index = 0; index * step <= seconds; ++index)
        html += tick_html(index * step / seconds, fmt::format("{:.4g} s", index * step));
    return html;
}

std::string tracks_html(const RunResult& result, const std::filesystem::path& page_path)
{
    // A single input file of the same rate can be heard where it is; a list of them cannot.
    const bool plays_input = result.options.inputs.size() == 1 &&
                             result.options.repeat_count == 1 &&
                             !result.options.inputs.front().starts_with("tone:");
    std::string dry_file = result.options.dry_output;
    if (dry_file.empty() && plays_input)
        dry_file = result.options.inputs.front();
    const TrackView before{"dry", "Before", &result.dry, {}, "", audio_html(dry_file, page_path)};
    const TrackView after{"wet",
                          "After " + chain_text(result),
                          &result.wet,
                          wet_marks(result),
                          fmt::format("<div class=\"marks\">{}</div>", marks_html(result)),
                          fmt::format("<div class=\"ticks\">{}</div>", time_ticks_html(result)) +
                              audio_html(result.options.output, page_path)};
    return track_html(result, before) + track_html(result, after);
}

std::string heard_text(const RunResult& result)
{
    std::string text;
    if (result.failovers.empty()) {
        text = "No service was lost.";
    } else if (dry_seconds(result) == 0) {
        text = fmt::format("Services were lost {} times, and nothing of the sound with them.",
                           result.failovers.size());
    } else {
        text = fmt::format(
            "Where it is shaded, the service had gone and {} was played until the "
            "next one answered.",
            result.options.fallback == OB_FALLBACK_DRY       ? "the dry sound"
            : result.options.fallback == OB_FALLBACK_SILENCE ? "silence"
                                                             : "the last block");
    }
    if (!result.options.output.empty())
        text += " Click on a waveform or on a mark to listen from there.";
    return text;
}

std::string histogram_html(const RunResult& result)
{
    const Histogram round_trip = merge_of(result, &InsertResult::round_trip);
    if (round_trip.buckets.empty())
        return "<p>No block was answered.</p>\n";
    const LogAxis axis = axis_of(round_trip);
    const std::array lines{percentile_ns(round_trip, 0.5).value_or(axis.from_ns),
                           percentile_ns(round_trip, 0.99).value_or(axis.from_ns)};
    std::string html = fmt::format("<div class=\"bars\">{}</div><div class=\"ticks\">",
                                   histogram_svg(round_trip, axis, lines));
    const auto decades = static_cast<int>(std::lround(std::log10(axis.to_ns / axis.from_ns)));
    for (int decade = 0; decade <= decades; ++decade) {
        const double time_ns = axis.from_ns * std::pow(10, decade);
        html += tick_html(axis.position_of(time_ns), short_time(time_ns));
    }
    return html + fmt::format(
                      "</div><p class=\"percentiles\">Lines: <b>{}</b> for half of the "
                      "blocks, <b>{}</b> for 99 of 100; longest {}.</p>\n",
                      short_time(lines[0]), short_time(lines[1]),
                      short_time(static_cast<double>(round_trip.max_ns)));
}

std::string failover_row(const RunResult& result, const Failover& failover)
{
    const auto detection_us = detected_us(failover);
    const auto gap = gap_frames(failover);
    const std::uint32_t rate_hz = result.format.rate_hz;
    return fmt::format(
        "<tr><td class=\"number\">{:.3f} s</td><td>{}</td><td>{}</td><td class=\"number\">{}</td>"
        "<td class=\"number\">{}</td><td class=\"number\">{}</td></tr>\n",
        std::max(0.0, file_seconds(result, failover.insert_index, failover.lost.stream_frame)),
        html_escaped(result.inserts[failover.insert_index].label), end_text(failover),
        detection_us ? short_time(*detection_us * 1000) : "-",
        gap ? fmt::format("{}", failover.frames_lost) : "-",
        gap ? short_time(to_seconds(*gap, rate_hz) * 1e9) : "not before the end");
}

std::string failovers_html(const RunResult& result)
{
    if (result.failovers.empty())
        return "";
    std::string rows;
    for (const Failover& failover : result.failovers)
        rows += failover_row(result, failover);
    return "<section>\n<h2>What failed</h2>\n<div class=\"scroll\"><table>\n<thead><tr>"
           "<th class=\"number\">at</th><th>service</th><th>how</th>"
           "<th class=\"number\">noticed after</th><th class=\"number\">frames without it</th>"
           "<th class=\"number\">wet again after</th></tr></thead>\n<tbody>\n" +
           rows + "</tbody></table></div>\n</section>\n\n";
}

std::string thread_row(const std::string& name, const ob_realtime_grant& grant)
{
    return fmt::format("<tr><td>{}</td><td>{}</td><td class=\"number\">{}</td><td>{}</td></tr>\n",
                       html_escaped(name),
                       grant.step == OB_REALTIME_NONE
                           ? "ordinary"
                           : fmt::format("{} {}", step_name(grant.step), grant.priority),
                       grant.cpu < 0 ? "any" : std::to_string(grant.cpu),
                       html_escaped(grant.description));
}

std::string threads_html(const RunResult& result)
{
    std::string html = thread_row("audio thread", result.audio_thread) +
                       thread_row("supervisor", result.supervisor);
    for (const InsertResult& insert : result.inserts)
        html += thread_row(insert.label + " (service)", insert.status.dsp_thread);
    return html;
}

std::string latency_text(const RunResult& result)
{
    const double period_ns = to_seconds(result.options.block_frames, result.format.rate_hz) * 1e9;
    return fmt::format(
        "From the moment a block was handed over until its answer was there, for {} "
        "answers. A block comes every {}. The height is the square root of the "
        "count, so that the rare ones show.",
        total_count(merge_of(result, &InsertResult::round_trip)), short_time(period_ns));
}

std::string title_of(const RunResult& result)
{
    const std::string& first = result.options.inputs.front();
    const std::string name =
        first.starts_with("tone:") ? first : std::filesystem::path{first}.filename().string();
    const std::size_t others = result.options.inputs.size() - 1;
    return fmt::format("{}{} through {}", name,
                       others == 0 ? "" : fmt::format(" and {} more", others), chain_text(result));
}

std::string subtitle_of(const RunResult& result)
{
    const RunOptions& options = result.options;
    return fmt::format("{} of {} channel{} at {} Hz in blocks of {} frames, {}, {}",
                       short_time(to_seconds(result.frames, result.format.rate_hz) * 1e9),
                       result.format.channel_count, result.format.channel_count == 1 ? "" : "s",
                       result.format.rate_hz, options.block_frames,
                       options.mode == OB_MODE_SYNC ? "sync" : "pipelined",
                       options.pace == OB_PACE_REALTIME ? "in real time" : "at free pace");
}

std::string command_text(const RunResult& result)
{
    std::string text;
    for (const std::string& word : result.options.command_line)
        text += (text.empty() ? "" : " ") + shell_quoted(word);
    return text;
}

std::string footer_of(const RunResult& result)
{
    const Machine& machine = result.machine;
    return fmt::format("Outboard {}, {}. {}, {} CPU{}{}, kernel {}.", ob_version_string(),
                       result.started_at, machine.cpu_model, machine.cpu_count,
                       machine.cpu_count == 1 ? "" : "s",
                       machine.is_virtual ? ", a virtual machine" : "", machine.kernel);
}

/// Puts the values in the places of the template; each is used as it is.
std::string filled(std::string_view text, const std::map<std::string, std::string>& values)
{
    std::string result;
    for (;;) {
        const auto open = text.find("{{");
        result += text.substr(0, open);
        if (open == std::string_view::npos)
            return result;
        const auto close = text.find("}}", open);
        result += values.at(std::string{text.substr(open + 2, close - open - 2)});
        text.remove_prefix(close + 2);
    }
}

}  // namespace

std::string page_text(const RunResult& result, const std::filesystem::path& page_path)
{
    return filled(page_template, {
                                     {"title", html_escaped(title_of(result))},
                                     {"subtitle", html_escaped(subtitle_of(result))},
                                     {"figures", figures_html(result)},
                                     {"heard", html_escaped(heard_text(result))},
                                     {"tracks", tracks_html(result, page_path)},
                                     {"latency_text", html_escaped(latency_text(result))},
                                     {"histogram", histogram_html(result)},
                                     {"failovers", failovers_html(result)},
                                     {"close_ups", close_ups_html(result)},
                                     {"threads", threads_html(result)},
                                     {"command", html_escaped(command_text(result))},
                                     {"footer", html_escaped(footer_of(result))},
                                 });
}

}  // namespace outboard::cli
