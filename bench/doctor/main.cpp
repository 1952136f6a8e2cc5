// SPDX-License-Identifier: MIT
//
// outboard-doctor: what stands between this machine and audio without dropouts. It changes nothing.

#include "bench/doctor/checks.hpp"
#include "bench/doctor/report.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <exception>
#include <optional>

namespace {

using namespace outboard::doctor;

constexpr int usage_code = 2;
constexpr int internal_code = 3;

constexpr double seconds_min = 0.1;
constexpr double seconds_max = 3600;
constexpr double ns_a_second = 1e9;

constexpr const char* description =
    "Looks for what stands between this machine and audio without dropouts: rights, kernel, CPUs,\n"
    "and how late a thread wakes up. Prints a verdict for each, and the remedy where there is "
    "one.\n"
    "It changes nothing, and needs no rights; run it as the user who will run audio.";

constexpr const char* footer = R"(
Verdicts:
  ok       nothing to do
  warning  works, with longer tails or fewer guarantees
  problem  audio will drop out, or Outboard cannot run
  unknown  could not be found out from here; the remedy says how

Timer wake-ups are measured as by cyclictest: a thread, real-time where that is permitted, sleeps to
absolute times, 1 ms apart; what is shown is how late it came. A p99.9 needs 100,000 of them, which
is --seconds 100. The figures belong to the load of that time: measure while the machine does what
it will do beside audio.

Exit codes:
    0  no problem; there may be warnings and unknowns
    1  at least one problem
    2  the command line is wrong
    3  internal error

Try:
  outboard doctor
  outboard doctor --fix > fix.sh     # read it, then: sh fix.sh
  outboard doctor --json --seconds 100 > doctor.json
)";

struct Options {
    bool json = false;
    bool fix = false;
    double seconds = 2;
};

/// @return an exit code when there is nothing more to do
[[nodiscard]] std::optional<int> parse(int argc, char** argv, Options& options)
{
    CLI::App app{description, "outboard doctor"};
    auto* const json = app.add_flag("--json", options.json, "Print a JSON document instead");
    app.add_flag("--fix", options.fix, "Print the shell commands that remedy; run none of them")
        ->excludes(json);
    app.add_option("--seconds", options.seconds, "How long wake-ups are measured (default 2)")
        ->check(CLI::Range(seconds_min, seconds_max))
        ->type_name("S");
    app.set_version_flag("--version", "outboard-doctor " OB_VERSION);
    app.footer(footer);
    try {
        app.parse(argc, argv);
        return std::nullopt;
    } catch (const CLI::Success& success) {
        return app.exit(success);
    } catch (const CLI::ParseError& error) {
        fmt::print(stderr, "outboard-doctor: {}\n`outboard doctor --help` tells what there is.\n",
                   error.what());
        return usage_code;
    }
}

[[nodiscard]] int run(int argc, char** argv)
{
    Options options;
    if (const auto code = parse(argc, argv, options))
        return *code;

    const auto now = std::chrono::system_clock::now();
    const std::string started_at = fmt::format(
        "{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(now)));
    // Limits are read first: RealtimeKit, where it is asked, lowers one of this process.
    const SystemFiles files{"/"};
    const Finding run_time_limit = check_run_time_limit(files);
    const Probes probes = probe_machine(static_cast<std::uint64_t>(options.seconds * ns_a_second));
    auto findings = check_all(files, probes);
    for (Finding& finding : findings) {
        if (finding.id == run_time_limit.id)
            finding = run_time_limit;
    }

    if (options.json) {
        fmt::print("{}", as_json(findings, probes, started_at));
    } else {
        fmt::print("{}", options.fix ? as_commands(findings) : as_table(findings));
    }
    return exit_code_of(worst_of(findings));
}

}  // namespace

int main(int argc, char** argv)
{
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        static_cast<void>(std::fprintf(stderr, "outboard-doctor: %s\n", error.what()));
        return internal_code;
    }
}
