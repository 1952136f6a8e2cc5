// SPDX-License-Identifier: MIT

#include "bench/tool/run_frame.hpp"

#include "bench/interruption.hpp"
#include "bench/tool/page.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

namespace outboard::bench {

namespace {

[[nodiscard]] std::string utc_now()
{
    const auto now = std::chrono::system_clock::now();
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                       fmt::gmtime(std::chrono::system_clock::to_time_t(now)));
}

[[nodiscard]] std::vector<std::string> labels_of(const Machine& machine, bool is_quick)
{
    std::vector<std::string> labels;
    if (machine.is_virtual)
        labels.emplace_back("virtual machine: its CPUs are shared with others");
    if (!machine.may_be_fifo)
        labels.emplace_back("no real-time rights: all threads are ordinary");
    if (is_quick)
        labels.emplace_back("quick: a look, not a measurement");
    return labels;
}

[[nodiscard]] bool is_seen() noexcept
{
    return ::isatty(STDERR_FILENO) != 0;
}

/// Says it on the standard error output, and once in the result.
void note_error(Result& result, const std::string& message)
{
    fmt::print(stderr, "outboard-bench: {}\n", message);
    if (std::find(result.errors.begin(), result.errors.end(), message) == result.errors.end())
        result.errors.push_back(message);
}

[[nodiscard]] CellOutcome outcome_of(const std::function<CellOutcome(std::size_t cell)>& measure,
                                     std::size_t cell)
{
    try {
        return measure(cell);
    } catch (const Failure& failure) {
        return {.code = failure.code(), .remark = {}, .error = failure.what()};
    } catch (const std::exception& error) {
        return {.code = Exit::service, .remark = {}, .error = error.what()};
    }
}

}  // namespace

void begin_result(Result& result, const char* benchmark, const std::string& command_line,
                  bool is_quick, const Machine& machine)
{
    result.benchmark = benchmark;
    result.command = command_line;
    result.started_at = utc_now();
    result.is_quick = is_quick;
    result.labels = labels_of(machine, is_quick);
    result.machine = Json(to_json(machine));
}

void print_head(const Result& result, const Machine& machine, const std::string& plan)
{
    print(machine);
    for (const std::string& label : result.labels)
        fmt::print("note      {}\n", label);
    fmt::print("command   {}\n{}\n\n{}", result.command, plan, table_head());
    static_cast<void>(std::fflush(stdout));
}

void print_rows(const Result& result, std::size_t first)
{
    fmt::print("{}", table_rows(result, first));
    static_cast<void>(std::fflush(stdout));
}

Exit measure_cells(const std::vector<std::string>& names, double seconds, const Outputs& outputs,
                   Result& result, const std::function<CellOutcome(std::size_t cell)>& measure)
{
    Exit code = Exit::ok;
    for (std::size_t cell = 0; cell < names.size() && !is_interrupted(); ++cell) {
        const std::size_t first = result.measurements.size();
        if (is_seen()) {
            fmt::print(stderr, "[{}/{}, about {:.0f} s in all] {} ...\r", cell + 1, names.size(),
                       seconds, names[cell]);
        }
        const CellOutcome outcome = outcome_of(measure, cell);
        if (is_seen())
            fmt::print(stderr, "{:78}\r", "");
        print_rows(result, first);
        fmt::print("{}", outcome.remark);
        if (!outcome.error.empty())
            note_error(result, outcome.error);
        code = std::max(code, outcome.code);
        if (!outputs.json_path.empty())
            write_outputs({outputs.json_path, "", ""}, result);
    }
    return code;
}

void check_outputs_and_plots(const Outputs& outputs)
{
    check_outputs(outputs);
    if (!outputs.html_path.empty() && !has_plots()) {
        fmt::print(stderr,
                   "outboard-bench: built without plots: {} will not be written; --json will\n",
                   outputs.html_path);
    }
}

Exit finish(Result& result, const Outputs& outputs, Exit code)
{
    result.is_complete = code == Exit::ok && !is_interrupted();
    const Exit exit = is_interrupted() ? Exit::interrupted : code;
    if (result.measurements.empty())
        return exit;
    if (is_interrupted())
        result.errors.emplace_back("interrupted");
    write_outputs(outputs, result);
    return exit;
}

}  // namespace outboard::bench
