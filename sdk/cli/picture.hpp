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

/// @param slice_count  for the whole width; more than there are slices: the rest is empty
[[nodiscard]] std::string waveform_svg(std::span<const Peak> slices, std::size_t slice_count,
                                       const WaveformMarks& marks);

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
