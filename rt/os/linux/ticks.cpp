// SPDX-License-Identifier: MIT

#include "rt/os/ticks.hpp"

#include "rt/os/handle.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <array>
#include <cstddef>
#include <string_view>

namespace outboard::rt::os {

bool has_steady_ticks() noexcept
{
    constexpr const char* source =
        "/sys/devices/system/clocksource/clocksource0/current_clocksource";
    const UniqueHandle file{::open(source, O_RDONLY | O_CLOEXEC)};
    std::array<char, 16> name{};
    const ::ssize_t size = file.is_open() ? ::read(file.get(), name.data(), name.size()) : -1;
    return size > 0 && std::string_view{name.data(), static_cast<std::size_t>(size)} == "tsc\n";
}

}  // namespace outboard::rt::os
