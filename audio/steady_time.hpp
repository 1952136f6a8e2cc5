// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The clock of BlockTime, as a number.

#include <chrono>
#include <cstdint>

namespace outboard::audio {

/// std::chrono::steady_clock, in nanoseconds since its epoch. @thread any @rt a clock read
[[nodiscard]] inline std::uint64_t now_ns() noexcept
{
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::nanoseconds{now}.count());
}

}  // namespace outboard::audio
