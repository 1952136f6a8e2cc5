// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// `outboard devices`: what there is to stream with.

#include "sdk/cli/failure.hpp"

#include "audio/device_catalog.hpp"

#include <string>
#include <vector>

namespace outboard::cli {

/// @param arguments  what follows `outboard devices`
[[nodiscard]] ExitCode devices_command(const std::vector<std::string>& arguments);

/// A table for people, and below it the host APIs without devices, with the remedy.
[[nodiscard]] std::string device_table(const audio::DeviceCatalog& catalog);

/// The same as JSON.
[[nodiscard]] std::string device_json(const audio::DeviceCatalog& catalog);

}  // namespace outboard::cli
