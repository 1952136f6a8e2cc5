// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Where exceptions end: every [control] function of the C ABI that can meet one runs in here.

#include "sdk/src/api/last_error.hpp"

#include <exception>
#include <new>

namespace outboard::api {

/// Clears this thread's last error and runs `action`; what it throws becomes a status.
template <typename Action>
[[nodiscard]] ob_status guarded(Action&& action) noexcept
{
    clear_last_error();
    try {
        return action();
    } catch (const std::bad_alloc&) {
        return fail(OB_ERR_NO_MEMORY, "out of memory");
    } catch (const std::exception& error) {
        return fail(OB_ERR_INTERNAL, error.what());
    }
}

}  // namespace outboard::api
