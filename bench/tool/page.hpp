// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The report: one HTML file that needs nothing else, with the result in it and uPlot to draw it.

#include "bench/tool/result.hpp"

#include <string>

namespace outboard::bench {

/// Whether uPlot was there when this program was built.
[[nodiscard]] bool has_plots() noexcept;

/// @param document  as docs/bench-result.schema.json has it; whatever is in its strings stays text
/// @throws Failure when the program was built without plots
[[nodiscard]] std::string page_of(const Json& document);

/// bench/report/page.html, with all scripts and styles in it; "" without uPlot.
extern const char* const page_template;

}  // namespace outboard::bench
