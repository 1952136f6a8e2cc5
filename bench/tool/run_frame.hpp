// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What the commands that measure do around their cells: the head of the result and of what stands
/// in the terminal, progress, errors that do not end the run, and the end.

#include "bench/machine.hpp"
#include "bench/tool/failure.hpp"
#include "bench/tool/output.hpp"
#include "bench/tool/result.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace outboard::bench {

/// Fills in the time, the machine, and the labels that follow from it.
void begin_result(Result& result, const char* benchmark, const std::string& command_line,
                  bool is_quick, const Machine& machine);

/// @param plan  what will be measured, in words
void print_head(const Result& result, const Machine& machine, const std::string& plan);
/// The result's measurements from `first` on.
void print_rows(const Result& result, std::size_t first);
template <typename Cell>
[[nodiscard]] std::vector<std::string> names_of(const std::vector<Cell>& cells)
{
    std::vector<std::string> names;
    names.reserve(cells.size());
    for (const Cell& cell : cells)
        names.push_back(cell.name());
    return names;
}

/// What became of a cell, beside its measurements.
struct CellOutcome {
    Exit code = Exit::ok;
    std::string remark;  ///< for the terminal
    std::string error;   ///< for the result as well
};

/// Measures one cell after the other, with progress, until Ctrl-C. After an exception in one the
/// others are measured all the same. The JSON is written after each.
/// @param measure  adds its measurements to the result
/// @return the worst of the cells' codes
[[nodiscard]] Exit measure_cells(const std::vector<std::string>& names, double seconds,
                                 const Outputs& outputs, Result& result,
                                 const std::function<CellOutcome(std::size_t cell)>& measure);

/// Says now what a run would end without.
void check_outputs_and_plots(const Outputs& outputs);

/// Writes what there is, also after errors and Ctrl-C. @return the exit code of the program
/// @param code  the worst of the cells'
[[nodiscard]] Exit finish(Result& result, const Outputs& outputs, Exit code);

}  // namespace outboard::bench
