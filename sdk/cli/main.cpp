// SPDX-License-Identifier: MIT
//
// The `outboard` command: dispatches to its sub-commands, or to a program outboard-NAME, and turns
// failures into exit codes.

#include "sdk/cli/devices_command.hpp"
#include "sdk/cli/external_command.hpp"
#include "sdk/cli/failure.hpp"
#include "sdk/cli/list_command.hpp"
#include "sdk/cli/metrics_command.hpp"
#include "sdk/cli/run_command.hpp"
#include "sdk/cli/serve_command.hpp"
#include "sdk/cli/status_command.hpp"
#include "sdk/cli/top_command.hpp"

#include <outboard/host.hpp>

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace {

using outboard::cli::ExitCode;

struct SubCommand {
    std::string_view name;
    std::string_view summary;
    ExitCode (*execute)(const std::vector<std::string>& arguments);
};

constexpr std::array<SubCommand, 7> sub_commands{{
    {"run", "stream sound through services", outboard::cli::run_command},
    {"serve", "run a service that hosts find by name", outboard::cli::serve_command},
    {"list", "list the services that can be found", outboard::cli::list_command},
    {"status", "show what hosts do at this moment", outboard::cli::status_command},
    {"top", "show what hosts do, again and again", outboard::cli::top_command},
    {"metrics", "serve what hosts do to Prometheus", outboard::cli::metrics_command},
    {"devices", "list the devices to stream with", outboard::cli::devices_command},
}};

void print_help()
{
    fmt::print(
        "Outboard runs audio processing in other processes, in real time.\n\n"
        "Usage: outboard COMMAND [ARGUMENTS]\n\nCommands:\n");
    for (const SubCommand& command : sub_commands)
        fmt::print("  {:<8} {}\n", command.name, command.summary);
    fmt::print("  {:<8} find what keeps this machine from real-time audio\n", "doctor");
    fmt::print("  {:<8} measure what audio in another process costs here\n", "bench");
    fmt::print(
        "  {:<8} this, or that of a command\n  {:<8} print the version\n\n"
        "Try:\n"
        "  outboard run --in voice.wav --out wet.wav --service reverb --page run.html\n\n"
        "{}",
        "help", "version", outboard::cli::exit_code_help());
}

ExitCode dispatch(const std::vector<std::string>& words)
{
    if (words.empty()) {
        print_help();
        return ExitCode::usage;
    }
    const std::string& name = words.front();
    std::vector<std::string> arguments{words.begin() + 1, words.end()};
    if (name == "version" || name == "--version") {
        fmt::print("outboard {}\n", ob_version_string());
        return ExitCode::ok;
    }
    if (name == "help" && !arguments.empty())
        return dispatch({arguments.front(), "--help"});
    if (name == "help" || name == "--help" || name == "-h") {
        print_help();
        return ExitCode::ok;
    }
    for (const SubCommand& command : sub_commands) {
        if (command.name == name)
            return command.execute(arguments);
    }
    outboard::cli::run_external_command(name, arguments);
    throw outboard::cli::usage_failure(fmt::format(
        "'{0}' is no command; there are run, serve, list, status, top, metrics, devices, doctor, "
        "bench, help and version, and "
        "each program outboard-NAME beside this one or in PATH (there is no outboard-{0}). "
        "`outboard help` tells what they do.",
        name));
}

int fail(ExitCode code, const char* message)
{
    fmt::print(stderr, "outboard: {}\n", message);
    return static_cast<int>(code);
}

}  // namespace

int main(int argc, char** argv)
{
    try {
        return static_cast<int>(dispatch({argv + 1, argv + argc}));
    } catch (const outboard::cli::Failure& failure) {
        return fail(failure.code(), failure.what());
    } catch (const outboard::Error& error) {
        return fail(outboard::cli::exit_code_of(error.status()), error.what());
    } catch (const std::exception& error) {
        return fail(ExitCode::internal, error.what());
    }
}
