// SPDX-License-Identifier: MIT
#pragma once

#include "sdk/cli/observed.hpp"

#include <span>
#include <string>

namespace outboard::cli {

inline constexpr const char* status_schema = "outboard-status";
inline constexpr int status_version = 1;

/// The document that docs/status.schema.json describes, with a line end.
[[nodiscard]] std::string status_json(std::span<const ObservedHost> hosts);

}  // namespace outboard::cli
