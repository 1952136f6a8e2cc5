// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The drawings of the page, as SVG that stretches to any width. Text is no part of them: it would
/// stretch too.

#include "sdk/cli/histogram.hpp"
#include "sdk/cli/peak_trace.hpp"

#include <span>
#include <string>
#include <vector>

namespace outboard::cli {

/// A stretch of time on a waveform, in parts of its width: 0 .. 1.
struct Stretch {
    double from = 0;
    double to = 0;
};

struct WaveformMarks {
    std::vector<double> strikes;  ///< 0 .. 1
    std::vector<Stretch> gaps;
};

struct WaveformScale {
    std::size_t slice_count = 1;  ///< for the whole width; with fewer slices the rest is empty
    float full_level = 1;         ///< the sample that reaches the edge
};

[[nodiscard]] std::string waveform_svg(std::span<const Peak> slices, const WaveformScale& scale,
                                       const WaveformMarks& marks);

/// The largest sample of a trace, whatever its sign.
[[nodiscard]] float largest_of(const PeakTrace& trace) noexcept;

/// Borders of a logarithmic axis: whole powers of ten around all values.
struct LogAxis {
    double from_ns = 1;
    double to_ns = 10;
    [[nodiscard]] double position_of(double time_ns) const noexcept;  ///< 0 .. 1
};

/// @pre the histogram is not empty
[[nodiscard]] LogAxis axis_of(const Histogram& histogram) noexcept;

/// Bars over a logarithmic axis. Their height is the square root of the count, so that the rare
/// ones are seen too. @param lines  vertical lines at these times
[[nodiscard]] std::string histogram_svg(const Histogram& histogram, const LogAxis& axis,
                                        std::span<const double> lines_ns);

}  // namespace outboard::cli
