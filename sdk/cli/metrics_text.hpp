// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The state of all hosts in the text format of Prometheus.

#include "sdk/cli/observed.hpp"

#include <span>
#include <string>

namespace outboard::cli {

/// For the header of an answer.
inline constexpr const char* metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";

/// HELP, TYPE and samples of every metric.
[[nodiscard]] std::string metrics_text(std::span<const ObservedHost> hosts);

}  // namespace outboard::cli
