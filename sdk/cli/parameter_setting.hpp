// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// `--param SERVICE.KEY=VALUE`.

#include <outboard/processor.h>

#include <span>
#include <string>
#include <string_view>

namespace outboard::cli {

struct ParameterSetting {
    std::string service;  ///< a label, see service_label.hpp
    std::string key;
    double value = 0;
};

/// @throws Failure (usage)
[[nodiscard]] ParameterSetting parse_parameter(std::string_view text);

/// The parameter that `setting` means, after its value was checked.
/// @throws Failure (usage) that lists the processor's parameters with their ranges
[[nodiscard]] const ob_parameter_info& resolve_parameter(
    const ParameterSetting& setting, std::span<const ob_parameter_info> parameters);

}  // namespace outboard::cli
