// SPDX-License-Identifier: MIT
#include "sdk/cli/close_up.hpp"

#include "sdk/cli/duration.hpp"
#include "sdk/cli/fault_spec.hpp"
#include "sdk/cli/markup.hpp"
#include "sdk/cli/picture.hpp"
#include "sdk/cli/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <span>
#include <vector>

namespace outboard::cli {

namespace {

constexpr std::size_t cards_max = 24;
constexpr std::size_t blocks_before = 16;
constexpr std::size_t blocks_behind = 47;
constexpr float quietest_level = 0.05F;  ///< so that near silence is not blown up

/// A strike, and the blocks around it.
struct Moment {
    const FaultOutcome* fault;
    const Failover* failover;  ///< null: no service was lost by it
    std::vector<BlockRecord> blocks;
    std::size_t struck_index = 0;  ///< in blocks: the one that was under way
};

Moment moment_of(const RunResult& result, std::size_t fault_index)
{
    const FaultOutcome& fault = result.faults[fault_index];
    Moment moment{.fault = &fault,
                  .failover = failover_of(result, fault_index),
                  .blocks = result.trace.around(fault.struck_frame, blocks_before, blocks_behind)};
    const auto behind = std::find_if(
        moment.blocks.begin(), moment.blocks.end(),
        [&](const BlockRecord& block) { return block.first_frame > fault.struck_frame; });
    const auto count = static_cast<std::size_t>(behind - moment.blocks.begin());
    moment.struck_index = count - std::min<std::size_t>(count, 1);
    return moment;
}

double period_ns(const RunResult& result) noexcept
{
    return to_seconds(result.options.block_frames, result.format.rate_hz) * 1e9;
}

/// From a microsecond to a period, or as far as the longest block needs.
LogAxis axis_of_blocks(const RunResult& result, std::span<const BlockRecord> blocks) noexcept
{
    LogAxis axis{.from_ns = 1e3, .to_ns = period_ns(result)};
    for (const BlockRecord& block : blocks)
        axis.to_ns = std::max(axis.to_ns, static_cast<double>(block.process_ns));
    return axis;
}

std::string block_title(const RunResult& result, const BlockRecord& block)
{
    return fmt::format(
        "block at {:.4f} s: {}{}", to_seconds(block.first_frame, result.format.rate_hz),
        short_time(static_cast<double>(block.process_ns)), block.is_concealed ? ", concealed" : "");
}

std::string times_svg(const RunResult& result, const Moment& moment)
{
    constexpr double width = 1200;
    constexpr double height = 100;
    const LogAxis axis = axis_of_blocks(result, moment.blocks);
    const double step = width / static_cast<double>(moment.blocks.size());
    std::string svg = R"(<svg viewBox="0 0 1200 100" preserveAspectRatio="none">)";
    auto out = std::back_inserter(svg);
    for (std::size_t index = 0; index < moment.blocks.size(); ++index) {
        const BlockRecord& block = moment.blocks[index];
        const double bar_height =
            std::max(1.5, height * axis.position_of(static_cast<double>(block.process_ns)));
        fmt::format_to(out,
                       R"(<rect class="{}" x="{:.1f}" y="{:.2f}" width="{:.1f}" height="{:.2f}">)"
                       "<title>{}</title></rect>",
                       block.is_concealed             ? "lost"
                       : index == moment.struck_index ? "struck"
                                                      : "fine",
                       step * static_cast<double>(index), height - bar_height, step * 0.85,
                       bar_height, block_title(result, block));
    }
    if (result.options.pace == OB_PACE_REALTIME) {
        fmt::format_to(out, R"(<line x1="0" x2="{}" y1="{:.2f}" y2="{:.2f}"/>)", width,
                       height * (1 - axis.position_of(period_ns(result))),
                       height * (1 - axis.position_of(period_ns(result))));
    }
    return svg + "</svg>";
}

std::string sound_svg(const Moment& moment)
{
    const auto count = static_cast<double>(moment.blocks.size());
    std::vector<Peak> peaks;
    WaveformMarks marks;
    float loudest = quietest_level;
    for (std::size_t index = 0; index < moment.blocks.size(); ++index) {
        const BlockRecord& block = moment.blocks[index];
        peaks.push_back(block.peak);
        loudest = std::max({loudest, block.peak.high, -block.peak.low});
        const auto place = static_cast<double>(index);
        if (block.is_concealed)
            marks.gaps.push_back({place / count, (place + 1) / count});
    }
    marks.strikes.push_back((static_cast<double>(moment.struck_index) + 0.5) / count);
    return waveform_svg(peaks, {peaks.size(), loudest}, marks);
}

std::string verdict_text(const RunResult& result, const Moment& moment)
{
    std::string text;
    if (moment.failover == nullptr) {
        text = "no service was lost";
    } else if (const auto detection_us = detected_us(*moment.failover)) {
        text = fmt::format("noticed after {}", short_time(*detection_us * 1000));
    } else {
        text = "noticed";
    }
    const auto concealed = std::count_if(moment.blocks.begin(), moment.blocks.end(),
                                         [](const BlockRecord& b) { return b.is_concealed; });
    text += concealed == 0
                ? "; nothing lost"
                : fmt::format("; {} block{} concealed", concealed, concealed == 1 ? "" : "s");
    const BlockRecord& struck = moment.blocks[moment.struck_index];
    text += fmt::format("; its block took {}", short_time(static_cast<double>(struck.process_ns)));
    if (result.options.pace == OB_PACE_REALTIME)
        text += fmt::format(" of {}", short_time(period_ns(result)));
    return text;
}

std::string card_html(const RunResult& result, const Moment& moment)
{
    const double seconds = to_seconds(moment.fault->struck_frame, result.format.rate_hz);
    return fmt::format(
        "<div class=\"card\"><h3>{} at {:.3f} s <small>{}</small></h3>\n"
        "<div class=\"times\">{}</div>\n<div class=\"moment wet\">{}</div>\n<p>{}</p></div>\n",
        fault_name(moment.fault->fault.kind), seconds,
        html_escaped(result.inserts[moment.fault->fault.insert_index].label),
        times_svg(result, moment), sound_svg(moment), verdict_text(result, moment));
}

std::string explanation(const RunResult& result, std::size_t strike_count)
{
    std::string text = fmt::format(
        "Upper picture: how long each block took, on a logarithmic scale, with the block in which "
        "the service was struck marked{}. Lower picture: the sound.",
        result.options.pace == OB_PACE_REALTIME ? "; the line is one period" : "");
    if (strike_count > cards_max)
        text += fmt::format(" The first {} of {} strikes.", cards_max, strike_count);
    return text;
}

}  // namespace

const Failover* failover_of(const RunResult& result, std::size_t fault_index) noexcept
{
    const FaultOutcome& fault = result.faults[fault_index];
    const std::size_t insert_index = fault.fault.insert_index;
    if (!fault.has_struck)
        return nullptr;
    // The next strike at the same insert ends the time in which a loss can be of this one.
    std::uint64_t end_frame = ~std::uint64_t{0};
    for (std::size_t next = fault_index + 1; next < result.faults.size(); ++next) {
        const FaultOutcome& other = result.faults[next];
        if (other.has_struck && other.fault.insert_index == insert_index)
            end_frame = std::min(end_frame, other.struck_frame);
    }
    const auto is_of_it = [&](const Failover& failover) {
        const std::uint64_t frame = failover.lost.stream_frame;
        // Where the stream was is read after the strike, and may be a block further by then.
        return failover.insert_index == insert_index && failover.lost.fault_ns != 0 &&
               frame + result.options.block_frames >= fault.struck_frame && frame < end_frame;
    };
    const auto found = std::find_if(result.failovers.begin(), result.failovers.end(), is_of_it);
    return found == result.failovers.end() ? nullptr : &*found;
}

std::string close_ups_html(const RunResult& result)
{
    std::string cards;
    std::size_t strike_count = 0;
    for (std::size_t index = 0; index < result.faults.size(); ++index) {
        if (!result.faults[index].has_struck || ++strike_count > cards_max)
            continue;
        const Moment moment = moment_of(result, index);
        if (!moment.blocks.empty())
            cards += card_html(result, moment);
    }
    if (cards.empty())
        return "";
    return fmt::format(
        "<section>\n<h2>Each strike, closely</h2>\n<p class=\"soft\">{}</p>\n"
        "<div class=\"cards\">\n{}</div>\n</section>\n\n",
        explanation(result, strike_count), cards);
}

}  // namespace outboard::cli
