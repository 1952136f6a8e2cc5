// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What a figure was measured on, and the rights that the measuring threads had.

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace outboard::bench {

struct Machine {
    std::string cpu_model = "unknown";
    std::string kernel = "unknown";
    std::string governor = "none";  ///< of the first CPU; virtual machines often have none
    std::vector<int> cpus;          ///< on which this process may run
    bool is_virtual = false;
    bool may_be_fifo = false;           ///< SCHED_FIFO is permitted
    bool may_hold_cpu_latency = false;  ///< /dev/cpu_dma_latency is writable
};

[[nodiscard]] Machine describe_machine();

void print(const Machine& machine);
[[nodiscard]] nlohmann::json to_json(const Machine& machine);

/// SCHED_FIFO at `priority` and this CPU alone, for the calling thread; `priority` 0 leaves it as
/// ordinary. @return whether all of it was obtained
bool take_cpu(int cpu, int priority) noexcept;

}  // namespace outboard::bench
