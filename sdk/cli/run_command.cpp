// SPDX-License-Identifier: MIT
#include "sdk/cli/run_command.hpp"

#include "sdk/cli/console.hpp"
#include "sdk/cli/duration.hpp"
#include "sdk/cli/page.hpp"
#include "sdk/cli/report.hpp"
#include "sdk/cli/run.hpp"
#include "sdk/cli/run_options.hpp"
#include "sdk/cli/standby_trial.hpp"
#include "sdk/cli/summary.hpp"
#include "sdk/cli/text_file.hpp"

#include <fmt/format.h>

#include <atomic>
#include <csignal>

namespace outboard::cli {

namespace {

std::atomic<bool> interrupt_requested{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler stores it");

extern "C" void note_interrupt(int /*signal*/)
{
    interrupt_requested.store(true, std::memory_order_relaxed);
    static_cast<void>(std::signal(SIGINT, SIG_DFL));  // the second one ends the program at once
}

Verbosity verbosity_of(const RunOptions& options) noexcept
{
    if (options.quiet)
        return Verbosity::quiet;
    return options.verbose ? Verbosity::verbose : Verbosity::normal;
}

void watch(Run& run)
{
    while (!run.wait()) {
        const Progress progress = run.progress();
        const std::string total =
            progress.total_seconds > 0 ? fmt::format(" of {:.1f}", progress.total_seconds) : "";
        show_progress(fmt::format("{:.1f}{} s, {} lost, {} concealed blocks{}",
                                  progress.streamed_seconds, total, progress.services_lost,
                                  progress.concealed_blocks,
                                  progress.is_device_away ? ", waiting for the device" : ""));
        if (interrupt_requested.load(std::memory_order_relaxed))
            run.interrupt();
    }
    clear_progress();
}

ExitCode exit_code_of(StreamEnd end) noexcept
{
    switch (end) {
        case StreamEnd::complete: return ExitCode::ok;
        case StreamEnd::interrupted: return ExitCode::interrupted;
        case StreamEnd::disk: return ExitCode::output;
        case StreamEnd::gave_up: return ExitCode::gave_up;
        case StreamEnd::failed: return ExitCode::internal;
    }
    return ExitCode::internal;
}

void explain(const RunResult& result)
{
    if (result.end == StreamEnd::gave_up)
        log_error("gave up: no service came back within the limit; the files end there.");
    if (result.end == StreamEnd::failed)
        log_error("the stream failed; the files end there.");
    if (result.disk_lost_frames > 0) {
        log_warning(fmt::format("the disk was too slow: {} frames of the output are silence.",
                                result.disk_lost_frames));
    }
}

ExitCode test_standby(const RunOptions& options)
{
    bool have_all_held = true;
    for (const Trial& trial : try_standbys(options)) {
        have_all_held &= has_held(trial);
        if (!options.quiet)
            fmt::print("{}", trial_text(trial));
    }
    return have_all_held ? ExitCode::ok : ExitCode::forecast;
}

}  // namespace

ExitCode run_command(const std::vector<std::string>& arguments)
{
    const auto options = parse_run_options(arguments);
    if (!options)
        return ExitCode::ok;
    set_up_console(verbosity_of(*options));
    if (options->test_standby)
        return test_standby(*options);
    TextFile report{options->report_path};
    TextFile page{options->page_path};

    Run run{*options};
    static_cast<void>(std::signal(SIGINT, note_interrupt));
    run.start();
    watch(run);
    const RunResult result = run.finish();

    if (report.is_wanted())
        report.write(report_text(result));
    if (page.is_wanted())
        page.write(page_text(result, options->page_path));
    if (options->json) {
        fmt::print("{}", report_text(result));
    } else if (!options->quiet) {
        fmt::print("{}", summary_text(result));
    }
    explain(result);
    run.close_files();
    if (result.end == StreamEnd::complete && !run.has_kept_poison())
        return ExitCode::output;
    return exit_code_of(result.end);
}

}  // namespace outboard::cli
