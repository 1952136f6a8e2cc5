// SPDX-License-Identifier: MIT

#include "rt/os/sandbox.hpp"

#include "rt/os/linux/errors.hpp"

#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace outboard::rt::os {

Result<int> landlock_version() noexcept
{
    const long version =
        ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 0)
        return system_error("landlock_create_ruleset");
    return static_cast<int>(version);
}

}  // namespace outboard::rt::os
