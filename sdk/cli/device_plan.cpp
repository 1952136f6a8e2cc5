// SPDX-License-Identifier: MIT
#include "sdk/cli/device_plan.hpp"

#include "sdk/cli/failure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace outboard::cli {

namespace {

constexpr std::string_view prefix = "device:";

audio::DeviceAddress address_of(std::string_view text)
{
    return take(audio::parse_device_address(text), ExitCode::usage);
}

bool is_device(const std::string& text)
{
    return text.starts_with(prefix);
}

}  // namespace

DevicePlan plan_devices(const std::string& device, std::vector<std::string>& inputs,
                        std::string& output)
{
    DevicePlan plan;
    if (!device.empty() && !inputs.empty() && !output.empty()) {
        throw usage_failure(
            "--device takes the place of --in or --out, and both are given: leave one of them out, "
            "or write device: in front of a device there.");
    }
    if (!device.empty() && inputs.empty())
        plan.input = address_of(device);
    if (!device.empty() && output.empty())
        plan.output = address_of(device);
    if (std::any_of(inputs.begin(), inputs.end(), is_device)) {
        if (inputs.size() > 1)
            throw usage_failure("--in: a device goes on for ever, nothing is played behind it.");
        plan.input = address_of(std::string_view{inputs.front()}.substr(prefix.size()));
        inputs.clear();
    }
    if (is_device(output)) {
        plan.output = address_of(std::string_view{output}.substr(prefix.size()));
        output.clear();
    }
    if (plan.input && plan.output &&
        (plan.input->backend != plan.output->backend ||
         !audio::equal_ignoring_case(plan.input->api, plan.output->api))) {
        throw usage_failure(
            fmt::format("'{}' and '{}' have different back ends or host APIs; use one for both.",
                        to_string(*plan.input), to_string(*plan.output)));
    }
    return plan;
}

}  // namespace outboard::cli
