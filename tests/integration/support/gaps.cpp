// SPDX-License-Identifier: MIT

#include "tests/integration/support/gaps.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>

namespace outboard::test {

namespace {

constexpr std::uint64_t fade_frames = 64;

struct Span {
    std::uint64_t first_frame;
    std::uint64_t end_frame;
    bool is_wet;
};

/// The whole stream as wet and fallback spans by turns. It starts wet.
[[nodiscard]] std::vector<Span> spans_of(const std::vector<Gap>& gaps, std::uint64_t frame_count)
{
    std::vector<Span> spans;
    std::uint64_t wet_from = 0;
    for (const Gap& gap : gaps) {
        spans.push_back({wet_from, gap.first_frame, true});
        spans.push_back({gap.first_frame, gap.end_frame, false});
        wet_from = gap.end_frame;
    }
    spans.push_back({wet_from, frame_count, true});
    return spans;
}

[[nodiscard]] std::string describe(const Span& span, std::uint32_t channel, std::uint64_t frame,
                                   float expected, float found)
{
    std::ostringstream text;
    text << "frame " << frame << " of channel " << channel << " is " << found << ", not "
         << expected << ": " << (span.is_wet ? "wet" : "fallback") << " from " << span.first_frame
         << " to " << span.end_frame;
    return text.str();
}

[[nodiscard]] std::string contradiction_in(const Span& span, const Audio& output, const Wave& wave)
{
    // A stream may begin in a gap: then there is a fade from silence all the same.
    const bool has_fade = span.first_frame != 0 || !span.is_wet;
    for (std::uint64_t frame = span.first_frame + (has_fade ? fade_frames : 0);
         frame < span.end_frame; ++frame) {
        for (std::uint32_t channel = 0; channel < output.size(); ++channel) {
            const float expected = wave(channel, frame);
            if (output[channel][frame] != expected)
                return describe(span, channel, frame, expected, output[channel][frame]);
        }
    }
    return {};
}

}  // namespace

std::vector<Gap> gaps_of(const std::vector<ob_incident>& incidents)
{
    std::vector<Gap> gaps;
    for (const ob_incident& incident : incidents) {
        if (incident.kind == OB_INCIDENT_WET_AGAIN)
            gaps.push_back({incident.stream_frame - incident.frames_lost, incident.stream_frame});
    }
    return gaps;
}

std::uint64_t frames_in(const std::vector<Gap>& gaps) noexcept
{
    std::uint64_t frames = 0;
    for (const Gap& gap : gaps)
        frames += gap.end_frame - gap.first_frame;
    return frames;
}

std::string first_contradiction(const Audio& output, const std::vector<Gap>& gaps, const Wave& wet,
                                const Wave& fallback)
{
    for (const auto& channel : output) {
        if (!std::all_of(channel.begin(), channel.end(), [](float v) { return std::isfinite(v); }))
            return "the output is not finite";
    }
    for (const Span& span : spans_of(gaps, output.front().size())) {
        auto text = contradiction_in(span, output, span.is_wet ? wet : fallback);
        if (!text.empty())
            return text;
    }
    return {};
}

}  // namespace outboard::test
