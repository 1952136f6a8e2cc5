// SPDX-License-Identifier: MIT
#include "sdk/cli/serve_command.hpp"

#include "sdk/cli/arguments.hpp"

#include <outboard/service.h>
#include <outboard/host.hpp>

#include <CLI/CLI.hpp>

#include <array>

namespace outboard::cli {

namespace {

// Any name without a '/' means the executable with the built-in processors.
constexpr const char* builtin_service = "builtin";

constexpr const char* footer = R"(
The service runs until SIGTERM or SIGINT. Hosts find it under its name:
  outboard serve --name studio &
  outboard run --in voice.wav --out wet.wav --service @studio

Exit codes are those of the service:
    0  ended by SIGTERM or SIGINT
    2  the command line is wrong
    3  the name is taken
    4  the environment lacks something (XDG_RUNTIME_DIR)
    5  the service failed, or cannot be started
)";

}  // namespace

ExitCode serve_command(const std::vector<std::string>& arguments)
{
    CLI::App app{"Runs a service that hosts find by its name.", "outboard serve"};
    std::string name;
    std::string service = builtin_service;
    bool verbose = false;
    app.add_option("--name", name, "The name: a-z, 0-9 and . _ -, up to 64 of them")
        ->required()
        ->type_name("NAME");
    app.add_option("--service", service, "An executable (default: the built-in processors)")
        ->type_name("PATH");
    app.add_flag("--verbose,-v", verbose, "Print what the service does");
    app.footer(footer);
    if (!parse_arguments(app, arguments))
        return ExitCode::ok;

    std::string program = "outboard-serve";
    std::string name_option = "--name";
    std::string verbose_option = "--verbose";
    const std::array<char*, 5> service_arguments{program.data(), name_option.data(), name.data(),
                                                 verbose ? verbose_option.data() : nullptr,
                                                 nullptr};
    check(ob_service_exec(service.c_str(), service_arguments.data()));
    return ExitCode::internal;  // a success does not return
}

}  // namespace outboard::cli
