// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A result as it leaves the program: table, CSV, JSON, page.

#include "bench/tool/result.hpp"

#include <string>

namespace outboard::bench {

/// Where to; empty paths are not wanted.
struct Outputs {
    std::string json_path{};
    std::string csv_path{};
    std::string html_path{};
};

/// Before anything is measured. Leaves existing files as they are.
/// @throws Failure when one cannot be written
void check_outputs(const Outputs& outputs);

/// @throws Failure when one cannot be written; the others are
void write_outputs(const Outputs& outputs, const Result& result);

/// @throws Failure when it cannot be written, or the program was built without plots
void write_page(const std::string& path, const Json& document);

/// Two lines for each cell's measurements: what stands in the terminal while it runs.
[[nodiscard]] std::string table_head();
/// @param first  of the result's measurements
[[nodiscard]] std::string table_rows(const Result& result, std::size_t first);
/// The ratios and their A/A, at the end.
[[nodiscard]] std::string ratio_table(const Result& result);
[[nodiscard]] std::string as_csv(const Result& result);

}  // namespace outboard::bench
