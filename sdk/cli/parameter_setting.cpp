// SPDX-License-Identifier: MIT
#include "sdk/cli/parameter_setting.hpp"

#include "sdk/cli/duration.hpp"
#include "sdk/cli/failure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace outboard::cli {

namespace {

std::string range_text(const ob_parameter_info& info)
{
    const bool has_unit = info.unit[0] != '\0';
    return fmt::format("{} .. {}{}{}", info.minimum, info.maximum, has_unit ? " " : "", info.unit);
}

std::string list_text(std::span<const ob_parameter_info> parameters)
{
    std::string text;
    for (const ob_parameter_info& info : parameters) {
        fmt::format_to(std::back_inserter(text), "\n  {:<16} {:<24} (from {}) {}", info.key,
                       range_text(info), info.initial, info.name);
    }
    return text;
}

bool is_allowed(const ob_parameter_info& info, double value) noexcept
{
    const bool is_stepped = (info.flags & OB_PARAMETER_STEPPED) != 0;
    return value >= info.minimum && value <= info.maximum &&
           (!is_stepped || value == std::floor(value));
}

}  // namespace

ParameterSetting parse_parameter(std::string_view text)
{
    const auto equals = text.find('=');
    const auto dot = text.substr(0, equals).rfind('.');
    if (equals == std::string_view::npos || dot == std::string_view::npos || dot == 0 ||
        dot + 1 == equals) {
        throw usage_failure(
            fmt::format("--param {}: write SERVICE.KEY=VALUE, for instance reverb.mix=0.4.", text));
    }
    const auto value = parse_number(text.substr(equals + 1));
    if (!value) {
        throw usage_failure(
            fmt::format("--param {}: '{}' is not a number.", text, text.substr(equals + 1)));
    }
    return {.service = std::string{text.substr(0, dot)},
            .key = std::string{text.substr(dot + 1, equals - dot - 1)},
            .value = *value};
}

const ob_parameter_info& resolve_parameter(const ParameterSetting& setting,
                                           std::span<const ob_parameter_info> parameters)
{
    const auto found = std::find_if(parameters.begin(), parameters.end(),
                                    [&](const auto& info) { return setting.key == info.key; });
    if (found == parameters.end()) {
        throw usage_failure(parameters.empty()
                                ? fmt::format("{} has no parameters, so none called '{}'.",
                                              setting.service, setting.key)
                                : fmt::format("{} has no parameter '{}'. It has:{}",
                                              setting.service, setting.key, list_text(parameters)));
    }
    if (!is_allowed(*found, setting.value)) {
        throw usage_failure(fmt::format(
            "{}.{}: {} is out of range; it takes {}{}.", setting.service, setting.key,
            setting.value, (found->flags & OB_PARAMETER_STEPPED) != 0 ? "whole numbers " : "",
            range_text(*found)));
    }
    return *found;
}

}  // namespace outboard::cli
