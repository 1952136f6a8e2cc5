// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The command line that all benchmarks share, and the document they write.

#include "bench/machine.hpp"

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace outboard::bench {

struct Options {
    bool is_quick = false;
    std::size_t pair_count = 40;    ///< pairs of chunks, ours and the other's
    std::string json_path;          ///< empty: none is written
    std::vector<std::string> only;  ///< measurements by name; empty: all
    std::string command_line;
};

/// What `main` exits with instead, after a mistake or --help.
using ExitCode = int;

/// As the user typed it, for those who read the figures.
[[nodiscard]] std::string command_line_of(int argc, char** argv);

/// @param names  of the measurements, for --only
[[nodiscard]] std::optional<ExitCode> parse_options(int argc, char** argv, const char* description,
                                                    const std::vector<std::string>& names,
                                                    Options& options);

/// Runs the benchmark; what it throws becomes a message on the standard error output and exit
/// code 1.
[[nodiscard]] ExitCode run_reporting_errors(ExitCode (*run)(int, char**), int argc,
                                            char** argv) noexcept;

[[nodiscard]] bool is_wanted(const Options& options, const std::string& name);

/// Prints what stands above the figures.
void print_head(const Options& options, const Machine& machine);

/// Adds the head to `results` and writes the document if one is wanted.
/// Throws when it cannot be written.
void write_json(const char* benchmark, const Options& options, const Machine& machine,
                const nlohmann::json& results);

}  // namespace outboard::bench
