// SPDX-License-Identifier: MIT
#pragma once

#include "sdk/cli/failure.hpp"

#include <outboard/host.h>

#include <span>
#include <string>
#include <vector>

namespace outboard::cli {

/// `outboard list`. @throws Failure, outboard::Error
[[nodiscard]] ExitCode list_command(const std::vector<std::string>& arguments);

/// Columns for people, with a line end.
[[nodiscard]] std::string service_table(std::span<const ob_service_info> services);

/// An array of objects, with a line end.
[[nodiscard]] std::string service_json(std::span<const ob_service_info> services);

}  // namespace outboard::cli
