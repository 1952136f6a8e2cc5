// SPDX-License-Identifier: MIT
//
// outboard bench failover: faults of every kind, and what they cost.

#include "bench/interruption.hpp"
#include "bench/tool/command_line.hpp"
#include "bench/tool/commands.hpp"
#include "bench/tool/failover_cell.hpp"
#include "bench/tool/failover_matrix.hpp"
#include "bench/tool/run_frame.hpp"
#include "bench/tool/sound_clip.hpp"

#include <fmt/format.h>
#include <filesystem>
#include <system_error>
#include <utility>

namespace outboard::bench {

namespace {

constexpr std::size_t quick_strike_count = 3;

struct FailoverOptions {
    FailoverLists lists;
    FailoverPlan plan;
    bool is_quick = false;
    Outputs outputs;
};

constexpr const char* description =
    "Streams a sine through a service in real time, and strikes the service when all is well: "
    "again\n"
    "and again, with every kind of fault and of standby. Each combination is a cell.";

constexpr const char* footer = R"(
Measured, a value for each strike: how long until the library knew (detected); how many frames the
fallback filled until all was well again (lost); and what a 10 kHz high-pass leaves of the sound, in
its loudest 10 ms, in dB below full scale (click): the larger, the better. Beside it the same of
0.4 s before each strike (... without), in which nobody was struck: the machine's own part.

Faults: kill (SIGKILL), stop (SIGSTOP), segv, exit, spin (for ever), late (by 5 ms, once), nan (a
block). The last two end nobody. Ctrl-C keeps what was measured.
)";

/// @return false when help was asked for
[[nodiscard]] bool parse(std::vector<std::string> arguments, FailoverOptions& options)
{
    CLI::App app{description, "outboard bench failover"};
    FailoverPlan& plan = options.plan;
    add_list(app, "--fault", options.lists.faults,
             "kill, stop, segv, exit, spin, late, nan (default all; quick kill,stop)")
        ->check(CLI::IsMember(fault_names()));
    add_list(app, "--standby", options.lists.standbys,
             "none, warm, hot (default all; quick none,hot)")
        ->check(CLI::IsMember(standby_names()));
    auto* const strikes = app.add_option("--strikes", plan.strike_count,
                                         "Of each cell, 1 .. 100000 (default 20, quick 3)")
                              ->check(CLI::Range(std::size_t{1}, std::size_t{100'000}))
                              ->type_name("N");
    app.add_option("--service", plan.service, "Name or path of a service (default reverb)")
        ->type_name("SERVICE");
    app.add_option("--block", plan.frame_count, "Frames a block, 16 .. 8192 (default 64)")
        ->check(CLI::Range(16, 8192))
        ->type_name("N");
    app.add_flag("--quick", options.is_quick, "Few cells and strikes: a look, not a measurement");
    app.add_option("--wav", plan.wav_folder, "Write the sound around each strike into this folder")
        ->type_name("FOLDER");
    add_outputs(app, options.outputs);
    app.footer(footer);
    if (!parse_arguments(app, std::move(arguments)))
        return false;
    if (options.is_quick && strikes->count() == 0)
        plan.strike_count = quick_strike_count;
    return true;
}

void make_wav_folder(const std::string& folder)
{
    if (folder.empty())
        return;
    if (!has_sound_clips())
        throw Failure{Exit::output, "--wav: built without sound files (Debian: libsndfile1-dev)"};
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error)
        throw Failure{Exit::output, folder + ": cannot be made: " + error.message()};
}

}  // namespace

Exit failover_command(std::vector<std::string> arguments, const std::string& command_line)
{
    FailoverOptions options;
    if (!parse(std::move(arguments), options))
        return Exit::ok;
    const auto cells = make_cells(options.lists, options.is_quick);
    const Machine machine = describe_machine();
    check_outputs_and_plots(options.outputs);
    make_wav_folder(options.plan.wav_folder);
    Result result{};
    begin_result(result, "failover", command_line, options.is_quick, machine);
    const double seconds = expected_seconds(cells, options.plan.strike_count);
    print_head(result, machine,
               fmt::format("{} cells of {} strikes: about {:.0f} s", cells.size(),
                           options.plan.strike_count, seconds));
    catch_interruption(SecondInterruption::ends_at_once);
    const Exit code =
        measure_cells(names_of(cells), seconds, options.outputs, result, [&](std::size_t cell) {
            measure_failover_cell(cells[cell], options.plan, machine, result);
            return CellOutcome{};
        });
    return finish(result, options.outputs, code);
}

}  // namespace outboard::bench
