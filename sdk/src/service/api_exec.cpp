// SPDX-License-Identifier: MIT

#include "rt/os/program.hpp"
#include "sdk/src/api/last_error.hpp"
#include "sdk/src/registry/service_path.hpp"

#include <outboard/service.h>

#include <exception>
#include <string>

namespace {

[[nodiscard]] ob_status exec_service(const char* service, char* const* arguments)
{
    const auto executable = outboard::registry::find_executable(service, nullptr);
    if (!executable)
        return outboard::api::fail(executable.error(), "service '" + std::string{service} + "'");
    return outboard::api::fail(outboard::rt::os::replace_process(*executable, arguments),
                               "cannot run " + *executable);
}

}  // namespace

ob_status ob_service_exec(const char* service, char* const* arguments) noexcept
{
    outboard::api::clear_last_error();
    if (service == nullptr || arguments == nullptr || arguments[0] == nullptr)
        return outboard::api::fail(OB_ERR_INVALID_ARGUMENT, "ob_service_exec: NULL argument");
    try {
        return exec_service(service, arguments);
    } catch (const std::exception&) {
        return OB_ERR_NO_MEMORY;
    }
}
