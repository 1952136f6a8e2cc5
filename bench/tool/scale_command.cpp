// SPDX-License-Identifier: MIT
//
// outboard bench scale: how many lanes, until a deadline is missed.

#include "bench/interruption.hpp"
#include "bench/tool/command_line.hpp"
#include "bench/tool/commands.hpp"
#include "bench/tool/run_frame.hpp"
#include "bench/tool/scale_cell.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <utility>

namespace outboard::bench {

namespace {

constexpr std::size_t quick_cycle_count = 200;

struct ScaleOptions {
    std::vector<std::size_t> service_counts;
    std::vector<std::string> placements;
    ScalePlan plan;
    bool is_quick = false;
    Outputs outputs;
};

constexpr const char* description =
    "Runs one insert through a service in real time, then two, four, ..., until a cycle misses "
    "its\n"
    "deadline, and then the numbers between. Each combination of the lists is a cell.";

constexpr const char* footer = R"(
A cycle posts 64 frames to all lanes, flushes once and collects all; it has half a period for that.
A number of lanes is held when no cycle of it came late, in one of three tries. Measured for each:
the time of a cycle, and the CPU time of host and services a lane. The load is the services' CPU
time as a share of the period of 1.333 ms. Ctrl-C keeps the cells that were measured.
)";

/// @return false when help was asked for
[[nodiscard]] bool parse(std::vector<std::string> arguments, ScaleOptions& options)
{
    CLI::App app{description, "outboard bench scale"};
    ScalePlan& plan = options.plan;
    add_list(app, "--services", options.service_counts,
             "Processes that share the lanes, 1 .. 16 (default 1,2,4; quick 1)")
        ->check(CLI::Range(1, 16));
    add_list(app, "--placement", options.placements,
             "DSP threads on the caller's CPU, or on another: same, other (default both; quick "
             "other)")
        ->check(CLI::IsMember({"same", "other"}));
    app.add_option("--service", plan.service, "Name or path of a service (default reverb)")
        ->type_name("SERVICE");
    app.add_option("--lanes", plan.lane_limit, "No more than so many, 16 .. 256 (default 256)")
        ->check(CLI::Range(16, 256))
        ->type_name("N");
    auto* const cycles = app.add_option("--cycles", plan.cycle_count,
                                        "Of each number, 100 .. 1000000 (default 2000, quick 200)")
                             ->check(CLI::Range(100, 1'000'000))
                             ->type_name("N");
    app.add_flag("--quick", options.is_quick, "Few cells and cycles: a look, not a measurement");
    add_outputs(app, options.outputs);
    app.footer(footer);
    if (!parse_arguments(app, std::move(arguments)))
        return false;
    if (options.is_quick && cycles->count() == 0)
        plan.cycle_count = quick_cycle_count;
    return true;
}

[[nodiscard]] std::vector<ScaleCell> cells_of(ScaleOptions& options, const Machine& machine)
{
    const bool has_other = machine.cpus.size() > 1;
    if (options.service_counts.empty()) {
        options.service_counts =
            options.is_quick ? std::vector<std::size_t>{1} : std::vector<std::size_t>{1, 2, 4};
    }
    if (options.placements.empty()) {
        if (!options.is_quick || !has_other)
            options.placements.emplace_back("same");
        if (has_other)
            options.placements.emplace_back("other");
    }
    std::vector<ScaleCell> cells;
    for (const std::string& placement : options.placements) {
        if (placement == "other" && !has_other) {
            throw Failure{Exit::environment,
                          "--placement other: this process may run on one CPU only"};
        }
        for (const std::size_t services : options.service_counts) {
            cells.push_back(
                {services, placement == "same" ? OB_PLACEMENT_SAME : OB_PLACEMENT_OTHER});
        }
    }
    return cells;
}

/// At the most: each number of lanes three times, and four between the last two.
[[nodiscard]] double expected_seconds(std::size_t cell_count, const ScalePlan& plan) noexcept
{
    constexpr double period_s = 64 / 48'000.0;
    constexpr double start_s = 0.5;
    constexpr double step_count = 13;
    return static_cast<double>(cell_count) * step_count *
           (start_s + 2 * period_s * static_cast<double>(plan.cycle_count));
}

}  // namespace

Exit scale_command(std::vector<std::string> arguments, const std::string& command_line)
{
    ScaleOptions options;
    if (!parse(std::move(arguments), options))
        return Exit::ok;
    const Machine machine = describe_machine();
    const auto cells = cells_of(options, machine);
    check_outputs_and_plots(options.outputs);
    Result result{};
    begin_result(result, "scale", command_line, options.is_quick, machine);
    const double seconds = expected_seconds(cells.size(), options.plan);
    print_head(result, machine,
               fmt::format("{} cells, {} cycles of each number of lanes: at most about {:.0f} s",
                           cells.size(), options.plan.cycle_count, seconds));
    catch_interruption(SecondInterruption::ends_at_once);
    const Exit code =
        measure_cells(names_of(cells), seconds, options.outputs, result, [&](std::size_t cell) {
            return CellOutcome{
                Exit::ok, measure_scale_cell(cells[cell], options.plan, machine, result), {}};
        });
    return finish(result, options.outputs, code);
}

}  // namespace outboard::bench
