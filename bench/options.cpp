// SPDX-License-Identifier: MIT

#include "bench/options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace outboard::bench {

namespace {

constexpr std::size_t quick_pair_count = 6;

}  // namespace

std::string command_line_of(int argc, char** argv)
{
    std::string line;
    for (int index = 0; index < argc; ++index)
        line += (index == 0 ? "" : " ") + std::string{argv[index]};
    return line;
}

std::optional<ExitCode> parse_options(int argc, char** argv, const char* description,
                                      const std::vector<std::string>& names, Options& options)
{
    options.command_line = command_line_of(argc, argv);
    CLI::App app{description};
    app.add_flag("--quick", options.is_quick, "Few and short chunks: a look, not a measurement");
    auto* const pairs =
        app.add_option("--pairs", options.pair_count, "Pairs of chunks for each ratio (2 .. 10000)")
            ->check(CLI::Range(2, 10'000))
            ->default_str("40, quick 6");
    app.add_option("--only", options.only, "Only this measurement; may be repeated")
        ->check(CLI::IsMember(names));
    app.add_option("--json", options.json_path, "Also write the figures to this file");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error);
    }
    if (options.is_quick && pairs->count() == 0)
        options.pair_count = quick_pair_count;
    return std::nullopt;
}

ExitCode run_reporting_errors(ExitCode (*run)(int, char**), int argc, char** argv) noexcept
{
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        static_cast<void>(std::fprintf(stderr, "%s\n", error.what()));
        return 1;
    }
}

bool is_wanted(const Options& options, const std::string& name)
{
    return options.only.empty() ||
           std::find(options.only.begin(), options.only.end(), name) != options.only.end();
}

void print_head(const Options& options, const Machine& machine)
{
    print(machine);
    std::printf("command   %s\n", options.command_line.c_str());
    std::printf(
        "ratios    median of %zu pairs of alternating chunks; A/A: the same of ours with "
        "itself\n\n",
        options.pair_count);
}

void write_json(const char* benchmark, const Options& options, const Machine& machine,
                const nlohmann::json& results)
{
    if (options.json_path.empty())
        return;
    const nlohmann::json document{{"benchmark", benchmark},
                                  {"version", 1},
                                  {"command", options.command_line},
                                  {"quick", options.is_quick},
                                  {"pairs", options.pair_count},
                                  {"machine", to_json(machine)},
                                  {"results", results}};
    std::ofstream file{options.json_path};
    file << document.dump(2) << '\n';
    file.close();
    if (!file)
        throw std::runtime_error{options.json_path + ": cannot be written"};
}

}  // namespace outboard::bench
