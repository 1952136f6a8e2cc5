// SPDX-License-Identifier: MIT

#include "sdk/src/api/last_error.hpp"

#include <algorithm>
#include <array>
#include <new>
#include <string_view>
#include <system_error>

namespace outboard::api {
namespace {

/// Fixed room, so that an error can be reported when memory is short.
thread_local std::array<char, 512> last_error_message{};

void keep(std::string_view message) noexcept
{
    const std::size_t length = std::min(message.size(), last_error_message.size() - 1);
    std::copy_n(message.begin(), length, last_error_message.begin());
    last_error_message[length] = '\0';
}

}  // namespace

void clear_last_error() noexcept
{
    last_error_message.front() = '\0';
}

ob_status fail(ob_status status, const std::string& message) noexcept
{
    keep(message);
    return status;
}

ob_status fail(const rt::Error& error, const std::string& context) noexcept
{
    try {
        keep(context + ": " + describe(error));
    } catch (const std::bad_alloc&) {
        keep(error.operation);
    }
    return status_of(error);
}

ob_status status_of(const rt::Error& error) noexcept
{
    switch (error.code) {
        case rt::ErrorCode::invalid_argument: return OB_ERR_INVALID_ARGUMENT;
        case rt::ErrorCode::no_memory: return OB_ERR_NO_MEMORY;
        case rt::ErrorCode::no_permission: return OB_ERR_NO_PERMISSION;
        case rt::ErrorCode::not_found: return OB_ERR_NOT_FOUND;
        case rt::ErrorCode::already_exists: return OB_ERR_BUSY;
        case rt::ErrorCode::timed_out: return OB_ERR_TIMED_OUT;
        case rt::ErrorCode::disconnected: return OB_ERR_SERVICE_EXITED;
        case rt::ErrorCode::protocol: return OB_ERR_PROTOCOL;
        case rt::ErrorCode::unsupported: return OB_ERR_ENVIRONMENT;
        case rt::ErrorCode::system: return OB_ERR_SYSTEM;
    }
    return OB_ERR_INTERNAL;
}

std::string describe(const rt::Error& error)
{
    if (error.sys_errno == 0)
        return error.operation;
    return std::string{error.operation} + ": " + std::generic_category().message(error.sys_errno);
}

}  // namespace outboard::api

const char* ob_last_error_message(void) noexcept
{
    return outboard::api::last_error_message.data();
}
