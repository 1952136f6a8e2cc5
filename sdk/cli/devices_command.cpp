// SPDX-License-Identifier: MIT
#include "sdk/cli/devices_command.hpp"

#include "sdk/cli/arguments.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>

namespace outboard::cli {

namespace {

using Json = nlohmann::ordered_json;

const char* default_text(const audio::DeviceInfo& device) noexcept
{
    if (device.is_default_input && device.is_default_output)
        return "in, out";
    if (device.is_default_input)
        return "in";
    return device.is_default_output ? "out" : "";
}

Json device_of(const audio::DeviceInfo& device)
{
    return {{"address", to_string(device.address)},
            {"backend", device.address.backend},
            {"api", device.address.api.empty() ? Json(nullptr) : Json(device.address.api)},
            {"name", device.address.name.empty() ? Json(nullptr) : Json(device.address.name)},
            {"input_channels", device.input_channel_count_max},
            {"output_channels", device.output_channel_count_max},
            {"default_rate_hz", device.default_rate_hz},
            {"rates_hz", device.rates_hz},
            {"default_input", device.is_default_input},
            {"default_output", device.is_default_output}};
}

}  // namespace

ExitCode devices_command(const std::vector<std::string>& arguments)
{
    CLI::App app{"Lists the devices that sound can be streamed with.", "outboard devices"};
    bool json = false;
    app.add_flag("--json", json, "Print an object with `apis` and `devices`");
    app.footer(
        "\nA device is used with `outboard run --device ADDRESS`; the end of an address may "
        "be\nleft out: portaudio:JACK is the default device of JACK.\n");
    if (!parse_arguments(app, arguments))
        return ExitCode::ok;

    const audio::DeviceCatalog catalog = audio::list_devices();
    fmt::print("{}", json ? device_json(catalog) : device_table(catalog));
    return ExitCode::ok;
}

std::string device_table(const audio::DeviceCatalog& catalog)
{
    std::size_t width = 7;
    for (const audio::DeviceInfo& device : catalog.devices)
        width = std::max(width, to_string(device.address).size());

    std::string table = fmt::format("{:<{}}  {:>4}  {:>4}  {:>7}  {}\n", "ADDRESS", width, "IN",
                                    "OUT", "RATE", "DEFAULT FOR");
    for (const audio::DeviceInfo& device : catalog.devices) {
        fmt::format_to(std::back_inserter(table), "{:<{}}  {:>4}  {:>4}  {:>7}  {}\n",
                       to_string(device.address), width, device.input_channel_count_max,
                       device.output_channel_count_max, device.default_rate_hz,
                       default_text(device));
    }
    for (const audio::HostApi& api : catalog.apis) {
        if (!api.problem.empty()) {
            fmt::format_to(std::back_inserter(table), "\n{}:{}: {}\n", api.backend, api.name,
                           api.problem);
        }
    }
    return table;
}

std::string device_json(const audio::DeviceCatalog& catalog)
{
    Json json{{"apis", Json::array()}, {"devices", Json::array()}};
    for (const audio::HostApi& api : catalog.apis) {
        json["apis"].push_back(
            {{"backend", api.backend},
             {"api", api.name.empty() ? Json(nullptr) : Json(api.name)},
             {"problem", api.problem.empty() ? Json(nullptr) : Json(api.problem)}});
    }
    for (const audio::DeviceInfo& device : catalog.devices)
        json["devices"].push_back(device_of(device));
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace outboard::cli
