// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The command line of a service and what its parent says by the environment.

#include "sdk/src/service/processor_catalog.hpp"
#include "sdk/src/service/refusal.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace outboard::service {

struct ServeArguments {
    enum class Action : std::uint8_t { serve, help, version, list_processors };

    Action action = Action::serve;
    std::string name;  ///< empty: only a host that started us can be served
    bool is_verbose = false;
};

/// @param arguments  without the name of the program
[[nodiscard]] Outcome<ServeArguments> parse_arguments(std::span<char* const> arguments);

/// What the host that starts a service puts into its environment.
struct SpawnedBy {
    int socket_handle;       ///< OUTBOARD_SOCKET
    std::int32_t parent_id;  ///< OUTBOARD_PARENT
};

/// @return nothing when no host has started this process
[[nodiscard]] Outcome<std::optional<SpawnedBy>> spawned_by_environment();

/// OUTBOARD_FAULT_HOOK=1: faults may be injected.
[[nodiscard]] bool has_fault_hook_in_environment() noexcept;

[[nodiscard]] std::string usage_text(const std::string& program, const ProcessorCatalog& catalog);

/// One line for each processor, one below it for each of its parameters.
[[nodiscard]] std::string processors_text(const ProcessorCatalog& catalog);

}  // namespace outboard::service
