// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The findings in the three forms in which they leave the program.

#include "bench/doctor/finding.hpp"
#include "bench/doctor/probes.hpp"

#include <string>
#include <vector>

namespace outboard::doctor {

/// A line for each finding, the remedy below it, and a line that sums up.
[[nodiscard]] std::string as_table(const std::vector<Finding>& findings);

/// The document that docs/doctor-report.schema.json describes.
/// @param started_at  ISO 8601, UTC
[[nodiscard]] std::string as_json(const std::vector<Finding>& findings, const Probes& probes,
                                  const std::string& started_at);

/// A shell script with the commands of all that is not ok, each of them once. What no command can
/// remedy is there as a comment.
[[nodiscard]] std::string as_commands(const std::vector<Finding>& findings);

}  // namespace outboard::doctor
