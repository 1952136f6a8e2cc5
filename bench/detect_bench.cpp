// SPDX-License-Identifier: MIT
//
// How long it takes from the signal that kills a service until the caller that waits for it goes
// on.

#include "bench/chunked_ratio.hpp"
#include "bench/detect_rig.hpp"
#include "bench/detect_service.hpp"
#include "bench/machine.hpp"
#include "bench/options.hpp"

#include <sys/resource.h>
#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace outboard;
using namespace outboard::bench;
namespace fs = std::filesystem;

constexpr int caller_priority = 80;
constexpr std::size_t quick_kill_count = 3;

struct DetectOptions {
    bool is_quick = false;
    bool without_holder = false;
    std::size_t kill_count = 100;
    std::vector<std::string> only;
    std::string json_path;
    std::string command_line;
};

struct Ending {
    const char* name;
    int signal_number;
    bool dumps_core;
};

constexpr std::size_t sizes_mib[] = {4, 64, 256, 1024};
constexpr Ending endings[] = {
    {"kill", SIGKILL, false}, {"segv", SIGSEGV, false}, {"segv-core", SIGSEGV, true}};

struct Measurement {
    std::size_t resident_mib;
    Ending ending;
    ob_placement placement;
    bool has_standby;

    [[nodiscard]] std::string name() const
    {
        return std::to_string(resident_mib) + "MiB-" + ending.name +
               (placement == OB_PLACEMENT_SAME ? "-same" : "-other") + (has_standby ? "-hot" : "");
    }
};

struct Figures {
    Samples times_ns;
    std::size_t resident_bytes = 0;
    std::size_t missed = 0;  ///< kills whose time could not be taken
    std::size_t wrong_causes = 0;
    std::size_t core_count = 0;
};

/// Where the services run, so that their cores lie here; cores are removed as they come.
class CoreFolder {
public:
    CoreFolder()
    {
        std::string name = fs::temp_directory_path() / "outboard-bench-XXXXXX";
        if (::mkdtemp(name.data()) == nullptr)
            throw std::runtime_error{"cannot make " + name};
        path_ = name;
        fs::current_path(path_);
    }
    ~CoreFolder()
    {
        std::error_code ignored;
        fs::current_path("/", ignored);
        fs::remove_all(path_, ignored);
    }
    CoreFolder(const CoreFolder&) = delete;
    CoreFolder(CoreFolder&&) = delete;
    CoreFolder& operator=(const CoreFolder&) = delete;
    CoreFolder& operator=(CoreFolder&&) = delete;

    [[nodiscard]] std::size_t remove_cores() const
    {
        std::size_t count = 0;
        for (const auto& entry : fs::directory_iterator{path_})
            count += fs::remove(entry.path()) ? 1 : 0;
        return count;
    }

private:
    fs::path path_;
};

/// Cores go to a file in the service's folder; not to a program, which would keep them.
[[nodiscard]] bool cores_are_files()
{
    std::string pattern;
    std::ifstream{"/proc/sys/kernel/core_pattern"} >> pattern;
    return !pattern.empty() && pattern.find_first_of("|/") == std::string::npos;
}

/// For the services that are started from now on.
void allow_cores(bool are_allowed)
{
    rlimit limit{};
    ::getrlimit(RLIMIT_CORE, &limit);
    limit.rlim_cur = are_allowed ? limit.rlim_max : 0;
    if (::setrlimit(RLIMIT_CORE, &limit) != 0)
        throw std::runtime_error{"setrlimit RLIMIT_CORE"};
}

[[nodiscard]] Figures measure(const Measurement& measurement, const DetectOptions& options,
                              const Machine& machine, const CoreFolder& folder)
{
    allow_cores(measurement.ending.dumps_core);
    Figures figures;
    {
        DetectRig rig{{.resident_mib = measurement.resident_mib,
                       .signal_number = measurement.ending.signal_number,
                       .dumps_core = measurement.ending.dumps_core,
                       .placement = measurement.placement,
                       .has_standby = measurement.has_standby,
                       .caller_cpu = machine.cpus.front(),
                       .killer_cpu = machine.cpus.back(),
                       .caller_priority = machine.may_be_fifo ? caller_priority : 0}};
        std::thread caller{[&] {
            take_cpu(machine.cpus.front(), machine.may_be_fifo ? caller_priority : 0);
            for (std::size_t kill = 0; kill < options.kill_count; ++kill) {
                if (const auto time_ns = rig.kill_once()) {
                    figures.times_ns.push_back(*time_ns);
                } else {
                    ++figures.missed;
                }
                figures.core_count += folder.remove_cores();
            }
        }};
        caller.join();
        figures.resident_bytes = rig.resident_bytes();
        figures.wrong_causes = rig.wrong_causes();
    }
    // The core of the last service may not have been there before it had gone.
    figures.core_count += folder.remove_cores();
    return figures;
}

void print(const std::string& name, const Figures& figures)
{
    const auto us = [&](double share) {
        return static_cast<double>(quantile_of(figures.times_ns, share)) / 1e3;
    };
    std::printf("%-26s %6.1f MiB  p50 %8.1f  p99 %8.1f  max %8.1f us  (%zu kills)", name.c_str(),
                static_cast<double>(figures.resident_bytes) / 1048576.0, us(0.5), us(0.99), us(1.0),
                figures.times_ns.size());
    if (figures.missed != 0 || figures.wrong_causes != 0)
        std::printf("  %zu missed, %zu of another cause", figures.missed, figures.wrong_causes);
    std::printf("\n");
    static_cast<void>(std::fflush(stdout));
}

[[nodiscard]] nlohmann::json to_json(const Measurement& measurement, const Figures& figures)
{
    return {{"name", measurement.name()},
            {"resident_bytes", figures.resident_bytes},
            {"signal", measurement.ending.signal_number},
            {"dumps_core", measurement.ending.dumps_core},
            {"cores", figures.core_count},
            {"missed", figures.missed},
            {"wrong_causes", figures.wrong_causes},
            {"detected",
             {{"samples", figures.times_ns.size()},
              {"p50_ns", quantile_of(figures.times_ns, 0.5)},
              {"p99_ns", quantile_of(figures.times_ns, 0.99)},
              {"max_ns", quantile_of(figures.times_ns, 1.0)}}}};
}

[[nodiscard]] std::vector<Measurement> measurements()
{
    std::vector<Measurement> all;
    for (const bool has_standby : {false, true}) {
        for (const ob_placement placement : {OB_PLACEMENT_SAME, OB_PLACEMENT_OTHER}) {
            for (const Ending& ending : endings) {
                for (const std::size_t mib : sizes_mib)
                    all.push_back({mib, ending, placement, has_standby});
            }
        }
    }
    return all;
}

[[nodiscard]] std::optional<ExitCode> parse(int argc, char** argv, DetectOptions& options)
{
    std::vector<std::string> names;
    for (const Measurement& measurement : measurements())
        names.push_back(measurement.name());
    CLI::App app{"From the signal that kills a service until its caller goes on"};
    app.add_flag("--quick", options.is_quick, "Few kills: a look, not a measurement");
    app.add_flag("--without-holder", options.without_holder,
                 "Services without their memory holder, to compare");
    auto* const kills = app.add_option("--kills", options.kill_count, "Kills each (1 .. 10000)")
                            ->check(CLI::Range(1, 10'000))
                            ->default_str("100, quick 3");
    app.add_option("--only", options.only, "Only this measurement; may be repeated")
        ->check(CLI::IsMember(names));
    app.add_option("--json", options.json_path, "Also write the figures to this file");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error);
    }
    for (int index = 0; index < argc; ++index)
        options.command_line += (index == 0 ? "" : " ") + std::string{argv[index]};
    if (options.is_quick && kills->count() == 0)
        options.kill_count = quick_kill_count;
    if (!options.json_path.empty())
        options.json_path = fs::absolute(options.json_path);
    return std::nullopt;
}

void write_document(const DetectOptions& options, const Machine& machine,
                    const nlohmann::json& results)
{
    if (options.json_path.empty())
        return;
    const nlohmann::json document{
        {"benchmark", "detect"},           {"version", 1},
        {"command", options.command_line}, {"quick", options.is_quick},
        {"kills", options.kill_count},     {"holder", !options.without_holder},
        {"machine", to_json(machine)},     {"results", results}};
    std::ofstream file{options.json_path};
    file << document.dump(2) << '\n';
    file.close();
    if (!file)
        throw std::runtime_error{options.json_path + ": cannot be written"};
}

[[nodiscard]] bool is_wanted(const DetectOptions& options, const Measurement& measurement)
{
    return options.only.empty() || std::find(options.only.begin(), options.only.end(),
                                             measurement.name()) != options.only.end();
}

[[nodiscard]] ExitCode run(int argc, char** argv)
{
    DetectOptions options;
    if (const auto exit_code = parse(argc, argv, options))
        return *exit_code;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): before there are other threads
    ::setenv("OUTBOARD_NO_MEMORY_HOLDER", options.without_holder ? "1" : "0", 1);
    const Machine machine = describe_machine();
    print(machine);
    std::printf("command   %s\n\n", options.command_line.c_str());
    const CoreFolder folder;
    nlohmann::json results = nlohmann::json::array();
    for (const Measurement& measurement : measurements()) {
        if (!is_wanted(options, measurement))
            continue;
        if (measurement.ending.dumps_core && !cores_are_files()) {
            std::printf("%s: skipped, cores go elsewhere (core_pattern)\n",
                        measurement.name().c_str());
            continue;
        }
        const Figures figures = measure(measurement, options, machine, folder);
        print(measurement.name(), figures);
        results.push_back(to_json(measurement, figures));
    }
    write_document(options, machine, results);
    return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv)
{
    if (is_started_as_service())
        return run_service(argc, argv);
    return run_reporting_errors(run, argc, argv);
}
