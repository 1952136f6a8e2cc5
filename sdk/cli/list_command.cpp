// SPDX-License-Identifier: MIT
#include "sdk/cli/list_command.hpp"

#include "sdk/cli/arguments.hpp"

#include <outboard/host.hpp>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstring>
#include <iterator>

namespace outboard::cli {

ExitCode list_command(const std::vector<std::string>& arguments)
{
    CLI::App app{"Lists the services that hosts can find by name.", "outboard list"};
    bool json = false;
    app.add_flag("--json", json, "Print an array of objects");
    app.footer("\nA service is started with `outboard serve`, and used with `--service @NAME`.\n");
    if (!parse_arguments(app, arguments))
        return ExitCode::ok;

    const auto services = list_services();
    fmt::print("{}", json ? service_json(services) : service_table(services));
    return ExitCode::ok;
}

std::string service_table(std::span<const ob_service_info> services)
{
    if (services.empty())
        return "No service is running. `outboard serve --name NAME` starts one.\n";
    std::size_t name_width = 4;
    for (const ob_service_info& service : services)
        name_width = std::max(name_width, std::strlen(service.name));

    std::string table = fmt::format("{:<{}}  {:>8}  {}\n", "NAME", name_width, "PID", "SOCKET");
    for (const ob_service_info& service : services) {
        fmt::format_to(std::back_inserter(table), "{:<{}}  {:>8}  {}\n", service.name, name_width,
                       service.process_id < 0 ? "gone" : std::to_string(service.process_id),
                       service.socket_path);
    }
    return table;
}

std::string service_json(std::span<const ob_service_info> services)
{
    auto list = nlohmann::ordered_json::array();
    for (const ob_service_info& service : services) {
        const bool is_running = service.process_id >= 0;
        list.push_back({{"name", service.name},
                        {"process_id", is_running ? nlohmann::ordered_json(service.process_id)
                                                  : nlohmann::ordered_json(nullptr)},
                        {"socket", service.socket_path}});
    }
    return list.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

}  // namespace outboard::cli
