// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// `--fault [SERVICE:]KIND[=ARG]@WHEN`, as text.

#include <outboard/host.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace outboard::cli {

struct FaultSpec {
    std::string service;  ///< a label (service_label.hpp); empty: the first of the chain
    ob_fault kind = OB_FAULT_KILL;
    std::uint32_t argument = 0;  ///< late: milliseconds
    std::uint64_t at_ns = 0;     ///< stream time of the first strike, from the start
    std::uint64_t every_ns = 0;  ///< 0: once
    std::string text;            ///< as it was given
};

/// @throws Failure (usage) that says what is allowed
[[nodiscard]] FaultSpec parse_fault(std::string_view text);

/// "kill", "late" ...
[[nodiscard]] const char* fault_name(ob_fault kind) noexcept;

/// Whether it takes the hook that a service has only when it is started with it.
[[nodiscard]] bool needs_hook(ob_fault kind) noexcept;

}  // namespace outboard::cli
