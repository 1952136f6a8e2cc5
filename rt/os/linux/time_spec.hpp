// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Nanoseconds as the kernel wants them.

#include <cstdint>
#include <ctime>

namespace outboard::rt::os {

inline constexpr std::uint64_t ns_per_s = 1'000'000'000;

[[nodiscard]] constexpr timespec to_timespec(std::uint64_t time_ns) noexcept
{
    return {static_cast<time_t>(time_ns / ns_per_s), static_cast<long>(time_ns % ns_per_s)};
}

}  // namespace outboard::rt::os
