// SPDX-License-Identifier: MIT
#include "sdk/cli/picture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

namespace outboard::cli {

namespace {

constexpr double width = 1200;
constexpr double height = 100;
constexpr std::size_t bar_count = 96;

std::string svg_open()
{
    return fmt::format(R"(<svg viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true">)",
                       width, height);
}

// A gap of some milliseconds in a recording of some minutes has to be seen.
constexpr double narrowest_gap = 4;

double level_y(float level, const WaveformScale& scale) noexcept
{
    const double part = static_cast<double>(level) / static_cast<double>(scale.full_level);
    return height / 2 * (1 - std::clamp(part, -1.0, 1.0));
}

std::string outline_path(std::span<const Peak> slices, const WaveformScale& scale)
{
    constexpr double thinnest = 0.4;  // silence is a line, not nothing
    const double step = width / static_cast<double>(std::max(scale.slice_count, slices.size()));
    std::string path = R"(<path d="M)";
    auto out = std::back_inserter(path);
    for (std::size_t index = 0; index < slices.size(); ++index) {
        fmt::format_to(out, "{:.1f},{:.1f} ", step * (static_cast<double>(index) + 0.5),
                       level_y(slices[index].high, scale) - thinnest);
    }
    for (std::size_t index = slices.size(); index-- > 0;) {
        fmt::format_to(out, "{:.1f},{:.1f} ", step * (static_cast<double>(index) + 0.5),
                       level_y(slices[index].low, scale) + thinnest);
    }
    return path + R"(Z"/>)";
}

}  // namespace

std::string waveform_svg(std::span<const Peak> slices, const WaveformScale& scale,
                         const WaveformMarks& marks)
{
    std::string svg = svg_open();
    auto out = std::back_inserter(svg);
    for (const Stretch& gap : marks.gaps) {
        fmt::format_to(out, R"(<rect class="gap" x="{:.1f}" y="0" width="{:.1f}" height="{}"/>)",
                       gap.from * width, std::max(narrowest_gap, (gap.to - gap.from) * width),
                       height);
    }
    fmt::format_to(out, R"(<line class="axis" x1="0" x2="{}" y1="{}" y2="{}"/>)", width, height / 2,
                   height / 2);
    if (!slices.empty())
        svg += outline_path(slices, scale);
    for (const double strike : marks.strikes) {
        fmt::format_to(std::back_inserter(svg),
                       R"(<line class="strike" x1="{0:.1f}" x2="{0:.1f}" y1="0" y2="{1}"/>)",
                       strike * width, height);
    }
    return svg + "</svg>";
}

float largest_of(const PeakTrace& trace) noexcept
{
    float largest = 0;
    for (const Peak& peak : trace.slices())
        largest = std::max({largest, peak.high, -peak.low});
    return largest;
}

double LogAxis::position_of(double time_ns) const noexcept
{
    const double position = std::log(time_ns / from_ns) / std::log(to_ns / from_ns);
    return std::clamp(position, 0.0, 1.0);
}

LogAxis axis_of(const Histogram& histogram) noexcept
{
    const auto lowest =
        static_cast<double>(std::max<std::uint64_t>(1, histogram.buckets.front().lower_ns));
    const auto highest = static_cast<double>(histogram.buckets.back().upper_ns);
    LogAxis axis{.from_ns = std::pow(10, std::floor(std::log10(lowest))),
                 .to_ns = std::pow(10, std::ceil(std::log10(highest)))};
    axis.to_ns = std::max(axis.to_ns, axis.from_ns * 10);
    return axis;
}

std::string histogram_svg(const Histogram& histogram, const LogAxis& axis,
                          std::span<const double> lines_ns)
{
    std::array<std::uint64_t, bar_count> bars{};
    for (const ob_histogram_bucket& bucket : histogram.buckets) {
        const double middle_ns = static_cast<double>(bucket.lower_ns + bucket.upper_ns) / 2;
        const auto index =
            static_cast<std::size_t>(axis.position_of(middle_ns) * static_cast<double>(bar_count));
        bars[std::min(index, bar_count - 1)] += bucket.count;
    }
    const auto tallest = static_cast<double>(*std::max_element(bars.begin(), bars.end()));
    constexpr double step = width / static_cast<double>(bar_count);
    std::string svg = svg_open();
    auto out = std::back_inserter(svg);
    for (std::size_t index = 0; index < bar_count; ++index) {
        if (bars[index] == 0)
            continue;
        const double bar_height =
            std::max(1.5, height * std::sqrt(static_cast<double>(bars[index]) / tallest));
        fmt::format_to(out, R"(<rect x="{:.1f}" y="{:.2f}" width="{:.1f}" height="{:.2f}"/>)",
                       step * static_cast<double>(index), height - bar_height, step - 1.5,
                       bar_height);
    }
    for (const double line_ns : lines_ns) {
        fmt::format_to(out, R"(<line x1="{0:.1f}" x2="{0:.1f}" y1="0" y2="{1}"/>)",
                       axis.position_of(line_ns) * width, height);
    }
    return svg + "</svg>";
}

}  // namespace outboard::cli
