// SPDX-License-Identifier: MIT
//
// outboard bench hop: a block to another process and back, over a matrix.

#include "bench/interruption.hpp"
#include "bench/tool/command_line.hpp"
#include "bench/tool/commands.hpp"
#include "bench/tool/hop_cell.hpp"
#include "bench/tool/hop_matrix.hpp"
#include "bench/tool/output.hpp"
#include "bench/tool/page.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace outboard::bench {

namespace {

constexpr std::size_t full_sample_count = 10'000;
constexpr std::size_t quick_sample_count = 1'000;

struct HopOptions {
    HopLists lists;
    std::size_t sample_count = full_sample_count;
    bool is_quick = false;
    bool skips_jack = false;
    Outputs outputs;
};

constexpr const char* description =
    "Sends blocks to the processor `null` in another process and back, and times them: the whole\n"
    "way, and stage by stage. Beside it, chunk by chunk in turn, a bare pair of processes that\n"
    "exchange a block by a futex; and JACK2 with one client, where jackd is there. Each "
    "combination\n"
    "of the lists is a cell.";

constexpr const char* footer = R"(
Stages: post (into the ring), wake (until the processor begins), dsp (in the processor), reply
(until the caller has seen the answer), collect (out of the ring). Pipelined there is no wake and no
reply: the answer to the block before has been lying there.

Each sample of the sound is the number of its frame: what comes back is held against what was sent,
at the latency that is reported. If it differs, the exit code is 1.

A p99.9 is told from 100,000 samples on: --samples 100000. Paced, that is two minutes a side and
cell at 64 frames. Ctrl-C keeps what was measured.
)";

template <typename T>
CLI::Option* add_list(CLI::App& app, const char* name, std::vector<T>& list, const char* text)
{
    return app.add_option(name, list, text)->delimiter(',')->type_name("LIST");
}

/// @return false when help was asked for
[[nodiscard]] bool parse(std::vector<std::string> arguments, HopOptions& options)
{
    using Names = std::vector<std::string>;
    CLI::App app{description, "outboard bench hop"};
    HopLists& lists = options.lists;
    add_list(app, "--block", lists.blocks, "Frames a block, 1 .. 8192 (default 64,256; quick 64)")
        ->check(CLI::Range(1, 8192));
    const auto add_names = [&app](const char* name, Names& list, const char* text, Names allowed) {
        add_list(app, name, list, text)->check(CLI::IsMember(std::move(allowed)));
    };
    add_names("--mode", lists.modes, "sync, pipelined (default both)", {"sync", "pipelined"});
    add_names("--placement", lists.placements,
              "DSP thread on the caller's CPU, or on another (default both)", {"same", "other"});
    add_names("--spin", lists.spins, "off, on: up to 20 us before sleep (default both; quick off)",
              {"off", "on"});
    add_names("--class", lists.classes, "fifo, other (default both where permitted; quick fifo)",
              {"fifo", "other"});
    add_names("--pace", lists.paces,
              "paced: a block each period; free: back to back (default both)", {"paced", "free"});
    app.add_flag("--quick", options.is_quick, "Few cells and samples: a look, not a measurement");
    auto* const samples =
        app.add_option("--samples", options.sample_count,
                       "Blocks a cell and side, 100 .. 10000000 (default 10000, quick 1000)")
            ->check(CLI::Range(std::size_t{100}, std::size_t{10'000'000}))
            ->type_name("N");
    app.add_flag("--no-jack", options.skips_jack, "Leave JACK out");
    app.add_option("--json", options.outputs.json_path, "Write the result")->type_name("FILE");
    app.add_option("--csv", options.outputs.csv_path, "Write the figures")->type_name("FILE");
    app.add_option("--html", options.outputs.html_path, "Write the report")->type_name("FILE");
    app.footer(footer);
    if (!parse_arguments(app, std::move(arguments)))
        return false;
    if (options.is_quick && samples->count() == 0)
        options.sample_count = quick_sample_count;
    return true;
}

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

void note_error(Result& result, const std::string& message)
{
    fmt::print(stderr, "outboard-bench: {}\n", message);
    if (std::find(result.errors.begin(), result.errors.end(), message) == result.errors.end())
        result.errors.push_back(message);
}

class Progress {
public:
    Progress(std::size_t cell_count, double seconds) : cell_count_(cell_count), seconds_(seconds) {}

    void begin(std::size_t cell, const std::string& name) const
    {
        if (is_shown_) {
            fmt::print(stderr, "[{}/{}, about {:.0f} s in all] {} ...\r", cell + 1, cell_count_,
                       seconds_, name);
        }
    }
    void end() const
    {
        if (is_shown_)
            fmt::print(stderr, "{:78}\r", "");
    }

private:
    std::size_t cell_count_;
    double seconds_;
    bool is_shown_ = ::isatty(STDERR_FILENO) != 0;
};

void print_rows(const Result& result, std::size_t first)
{
    fmt::print("{}", table_rows(result, first));
    static_cast<void>(std::fflush(stdout));
}

[[nodiscard]] Exit judge_sound(const HopCell& cell, const SoundCheck& sound, Result& result)
{
    if (sound.late_count != 0) {
        fmt::print("{:<50} {:>8} blocks came late and were left out of the sound's check\n",
                   cell.name(), sound.late_count);
    }
    if (sound.wrong_count != 0) {
        note_error(result, fmt::format("{}: {} blocks did not come back as they were sent, {} "
                                       "frames later",
                                       cell.name(), sound.wrong_count, sound.latency_frames));
        return Exit::bad;
    }
    return Exit::ok;
}

/// @return what the program exits with, as far as this part of it is concerned
[[nodiscard]] Exit measure_cells(const HopOptions& options, const std::vector<HopCell>& cells,
                                 const Machine& machine, Result& result)
{
    const Progress progress{cells.size(), expected_seconds(cells, options.sample_count)};
    Exit code = Exit::ok;
    for (std::size_t index = 0; index < cells.size() && !is_interrupted(); ++index) {
        const std::size_t first = result.measurements.size();
        progress.begin(index, cells[index].name());
        try {
            const SoundCheck sound =
                measure_hop_cell(cells[index], options.sample_count, machine, result);
            progress.end();
            print_rows(result, first);
            code = std::max(code, judge_sound(cells[index], sound, result));
        } catch (const std::exception& error) {
            progress.end();
            note_error(result, error.what());
            code = Exit::service;
        }
        if (!options.outputs.json_path.empty())
            write_outputs({options.outputs.json_path, "", ""}, result);
    }
    return code;
}

void measure_jack(const HopOptions& options, const Machine& machine, Result& result)
{
    if (options.skips_jack || is_interrupted())
        return;
    const std::size_t first = result.measurements.size();
    try {
        measure_jack_cell(options.sample_count, machine, result);
        print_rows(result, first);
    } catch (const std::exception& error) {
        // Not an error of the run: nobody is owed a JACK server.
        fmt::print("{:<50} left out: {}\n", "jack", error.what());
        result.labels.push_back(std::string{"without JACK: "} + error.what());
    }
}

}  // namespace

Exit hop_command(std::vector<std::string> arguments, const std::string& command_line)
{
    HopOptions options;
    if (!parse(std::move(arguments), options))
        return Exit::ok;
    const Machine machine = describe_machine();
    const auto cells = make_cells(options.lists, machine, options.is_quick);
    check_outputs(options.outputs);
    if (!options.outputs.html_path.empty() && !has_plots()) {
        fmt::print(stderr,
                   "outboard-bench: built without plots: {} will not be written; --json will\n",
                   options.outputs.html_path);
    }
    Result result{.benchmark = "hop",
                  .command = command_line,
                  .started_at = utc_now(),
                  .is_quick = options.is_quick,
                  .is_complete = false,
                  .errors = {},
                  .labels = labels_of(machine, options.is_quick),
                  .machine = Json(to_json(machine)),
                  .measurements = {},
                  .ratios = {}};
    print(machine);
    for (const std::string& label : result.labels)
        fmt::print("note      {}\n", label);
    fmt::print("command   {}\n{} cells of {} blocks a side: about {:.0f} s\n\n{}", command_line,
               cells.size(), options.sample_count, expected_seconds(cells, options.sample_count),
               table_head());
    static_cast<void>(std::fflush(stdout));

    catch_interruption(SecondInterruption::ends_at_once);
    Exit code = measure_cells(options, cells, machine, result);
    if (!result.measurements.empty())
        measure_jack(options, machine, result);
    result.is_complete = code == Exit::ok && !is_interrupted();
    fmt::print("{}", ratio_table(result));
    if (result.measurements.empty())
        return is_interrupted() ? Exit::interrupted : code;
    if (is_interrupted())
        result.errors.emplace_back("interrupted");
    write_outputs(options.outputs, result);
    return is_interrupted() ? Exit::interrupted : code;
}

}  // namespace outboard::bench
