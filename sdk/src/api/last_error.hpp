// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Where errors of the control path become a status and a sentence of the C ABI.

#include "rt/control/result.hpp"

#include <outboard/common.h>

#include <string>

namespace outboard::api {

/// Forgets the message of this thread's last failure. First thing in every [control] function.
void clear_last_error() noexcept;

/// Keeps `message` for ob_last_error_message() on this thread, cut where it is too long.
/// @return `status`, so that a function can end with it
[[nodiscard]] ob_status fail(ob_status status, const std::string& message) noexcept;

/// The same for an error of the control path; the sentence is "CONTEXT: what failed: why".
[[nodiscard]] ob_status fail(const rt::Error& error, const std::string& context) noexcept;

[[nodiscard]] ob_status status_of(const rt::Error& error) noexcept;

/// "bind: Address already in use", or the operation alone when no system call failed.
[[nodiscard]] std::string describe(const rt::Error& error);

}  // namespace outboard::api
