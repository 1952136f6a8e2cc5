// SPDX-License-Identifier: MIT
//
// outboard bench hop: a block to another process and back, over a matrix.

#include "bench/interruption.hpp"
#include "bench/tool/command_line.hpp"
#include "bench/tool/commands.hpp"
#include "bench/tool/hop_cell.hpp"
#include "bench/tool/hop_matrix.hpp"
#include "bench/tool/run_frame.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cstdio>
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
    add_outputs(app, options.outputs);
    app.footer(footer);
    if (!parse_arguments(app, std::move(arguments)))
        return false;
    if (options.is_quick && samples->count() == 0)
        options.sample_count = quick_sample_count;
    return true;
}

[[nodiscard]] CellOutcome judge_sound(const HopCell& cell, const SoundCheck& sound)
{
    CellOutcome outcome;
    if (sound.late_count != 0) {
        outcome.remark =
            fmt::format("{:<50} {:>8} blocks came late and were left out of the sound's check\n",
                        cell.name(), sound.late_count);
    }
    if (sound.wrong_count != 0) {
        outcome.code = Exit::bad;
        outcome.error = fmt::format(
            "{}: {} blocks did not come back as they were sent, {} "
            "frames later",
            cell.name(), sound.wrong_count, sound.latency_frames);
    }
    return outcome;
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
    check_outputs_and_plots(options.outputs);
    Result result{};
    begin_result(result, "hop", command_line, options.is_quick, machine);
    const double seconds = expected_seconds(cells, options.sample_count);
    print_head(result, machine,
               fmt::format("{} cells of {} blocks a side: about {:.0f} s", cells.size(),
                           options.sample_count, seconds));
    catch_interruption(SecondInterruption::ends_at_once);
    const Exit code =
        measure_cells(names_of(cells), seconds, options.outputs, result, [&](std::size_t cell) {
            return judge_sound(
                cells[cell], measure_hop_cell(cells[cell], options.sample_count, machine, result));
        });
    if (!result.measurements.empty())
        measure_jack(options, machine, result);
    fmt::print("{}", ratio_table(result));
    return finish(result, options.outputs, code);
}

}  // namespace outboard::bench
