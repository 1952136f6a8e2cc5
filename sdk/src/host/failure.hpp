// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Why something on the control side failed, as it reaches the user of the C ABI.

#include "sdk/src/api/last_error.hpp"

#include <outboard/common.h>

#include <string>

namespace outboard::host {

struct Failure {
    ob_status status = OB_OK;
    std::string message;  ///< names the thing and the remedy

    [[nodiscard]] explicit operator bool() const noexcept { return status != OB_OK; }
};

/// "CONTEXT: what failed: why"
[[nodiscard]] inline Failure make_failure(const rt::Error& error, const std::string& context)
{
    return {api::status_of(error), context + ": " + api::describe(error)};
}

}  // namespace outboard::host
