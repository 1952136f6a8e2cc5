// SPDX-License-Identifier: MIT
#include "sdk/cli/status_command.hpp"

#include "sdk/cli/arguments.hpp"
#include "sdk/cli/host_table.hpp"
#include "sdk/cli/observed.hpp"
#include "sdk/cli/status_json.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <optional>
#include <span>

namespace outboard::cli {

namespace {

std::string status_text(std::span<const ObservedHost> hosts)
{
    if (hosts.empty())
        return std::string{no_host_text()} + '\n';
    TroubleCounts trouble;
    std::string text;
    for (const TableLine& line : host_table(hosts, trouble))
        text += line.text + '\n';
    return text;
}

/// Whoever asks for one host wants to know when it is not there.
void require_answer(std::span<const ObservedHost> hosts, std::int32_t process_id)
{
    if (hosts.empty()) {
        throw Failure(ExitCode::host,
                      fmt::format("process {} is no host of yours that runs; `outboard status` "
                                  "lists those that do",
                                  process_id));
    }
    for (const ObservedHost& host : hosts) {
        if (!host.snapshot)
            throw Failure(ExitCode::host, fmt::format("process {}: {}", process_id, host.problem));
    }
}

}  // namespace

ExitCode status_command(const std::vector<std::string>& arguments)
{
    CLI::App app{"Shows what the hosts of this user do at this moment.", "outboard status"};
    bool json = false;
    std::optional<std::int32_t> process_id;
    app.add_flag("--json", json, "Print the document that status.schema.json describes");
    app.add_option("PID", process_id, "Only the hosts in this process")->check(CLI::PositiveNumber);
    app.footer(
        "\nWithout a host it says so, and the exit code is 0; with PID it is 10.\n"
        "`outboard top` goes on showing it.\n");
    if (!parse_arguments(app, arguments))
        return ExitCode::ok;

    const auto hosts = observe_hosts(process_id);
    if (process_id)
        require_answer(hosts, *process_id);
    fmt::print("{}", json ? status_json(hosts) : status_text(hosts));
    return ExitCode::ok;
}

}  // namespace outboard::cli
