// SPDX-License-Identifier: MIT

#include "rt/os/linux/errors.hpp"
#include "rt/os/scheduling.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace outboard::rt::os {

Result<UniqueHandle> hold_cpu_latency(std::int32_t latency_us) noexcept
{
    if (latency_us < 0)
        return fail(ErrorCode::invalid_argument, "CPU latency");
    UniqueHandle device{::open("/dev/cpu_dma_latency", O_WRONLY | O_CLOEXEC)};
    if (!device.is_open())
        return system_error("open /dev/cpu_dma_latency");
    if (::write(device.get(), &latency_us, sizeof latency_us) != sizeof latency_us)
        return system_error("write /dev/cpu_dma_latency");
    return device;
}

}  // namespace outboard::rt::os
