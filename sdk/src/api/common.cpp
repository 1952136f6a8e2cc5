// SPDX-License-Identifier: MIT

#include "rt/control/realtime.hpp"
#include "rt/os/scheduling.hpp"
#include "sdk/src/api/last_error.hpp"
#include "sdk/src/api/realtime_grant.hpp"

#include <outboard/common.h>

#include <new>

namespace {

constexpr int priority_max = 95;

[[nodiscard]] ob_status make_realtime(int32_t priority, int32_t cpu, ob_realtime_grant* grant)
{
    if (priority < 1 || priority > priority_max)
        return outboard::api::fail(OB_ERR_INVALID_ARGUMENT, "the priority is not in 1..95");
    if (cpu >= 0) {
        const auto pinned = outboard::rt::os::set_thread_cpus(0, {cpu});
        if (!pinned) {
            return outboard::api::fail(pinned.error(),
                                       "cannot pin the thread to CPU " + std::to_string(cpu));
        }
    }
    const auto obtained = outboard::rt::obtain_realtime({.priority = priority});
    if (grant != nullptr)
        *grant = outboard::api::to_grant(obtained, cpu);
    return OB_OK;
}

}  // namespace

const char* ob_status_text(ob_status status) noexcept
{
    switch (status) {
        case OB_OK: return "ok";
        case OB_AGAIN: return "try again";
        case OB_CONCEALED: return "concealed";
        case OB_ERR_INVALID_ARGUMENT: return "invalid argument";
        case OB_ERR_NO_MEMORY: return "out of memory";
        case OB_ERR_SYSTEM: return "a system call failed";
        case OB_ERR_INTERNAL: return "internal error";
        case OB_ERR_NOT_FOUND: return "not found";
        case OB_ERR_NO_PERMISSION: return "no permission";
        case OB_ERR_TIMED_OUT: return "timed out";
        case OB_ERR_SERVICE_EXITED: return "the service exited";
        case OB_ERR_VERSION: return "no protocol version in common";
        case OB_ERR_PROTOCOL: return "protocol violation";
        case OB_ERR_REFUSED: return "refused";
        case OB_ERR_BUSY: return "busy";
        case OB_ERR_GAVE_UP: return "gave up";
        case OB_ERR_ENVIRONMENT: return "environment not usable";
        default: return "unknown status";
    }
}

const char* ob_version_string(void) noexcept
{
    return OB_VERSION;
}

ob_status ob_thread_make_realtime(int32_t priority, int32_t cpu, ob_realtime_grant* grant) noexcept
{
    outboard::api::clear_last_error();
    if (grant != nullptr)
        *grant = ob_realtime_grant{};
    try {
        return make_realtime(priority, cpu, grant);
    } catch (const std::bad_alloc&) {
        return OB_ERR_NO_MEMORY;
    }
}
