// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// How services of a run ended, in words.

#include <outboard/host.h>

#include <cstddef>
#include <string>

namespace outboard::cli {

struct ServiceCrash {
    std::size_t insert_index = 0;
    ob_crash_report report{};
};

/// "SIGSEGV" for 11, and the like.
[[nodiscard]] std::string signal_text(std::int32_t signal);

/// One line: what happened to which process, in which block, and where in its code.
[[nodiscard]] std::string crash_text(const std::string& label, const ob_crash_report& report);

/// Whether more is known than that the process was killed.
[[nodiscard]] bool tells_something(const ob_crash_report& report) noexcept;

}  // namespace outboard::cli
