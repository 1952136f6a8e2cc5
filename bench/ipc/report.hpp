// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The figures for people, as JSON (docs/bench-ipc.schema.json) and as CSV.

#include "bench/ipc/figures.hpp"
#include "bench/ipc/plan.hpp"
#include "bench/machine.hpp"

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace outboard::bench::ipc {

/// The whole run.
struct Report {
    Plan plan;
    Machine machine;
    Placement placement;
    bool is_interrupted = false;
    std::vector<SizeResult> sizes;
};

void print_head(const Report& report);
void print(const SizeResult& result, const Report& report);

[[nodiscard]] nlohmann::ordered_json to_json(const Report& report);
[[nodiscard]] std::string to_csv(const Report& report);

/// What went wrong, one line each; empty when every mechanism did what it should.
[[nodiscard]] std::vector<std::string> failures(const Report& report);

}  // namespace outboard::bench::ipc
