// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Lengths of time as people write them: `0.5s`, `500ms`, `250us`.

#include <cstdint>
#include <optional>
#include <string_view>

namespace outboard::cli {

/// A decimal number, all of `text` and nothing else; independent of the locale.
[[nodiscard]] std::optional<double> parse_number(std::string_view text) noexcept;

/// A whole number in base ten, all of `text` and nothing else.
[[nodiscard]] std::optional<std::uint32_t> parse_count(std::string_view text) noexcept;

/// @return nothing without a unit, for a negative length and above a year
[[nodiscard]] std::optional<std::uint64_t> parse_duration_ns(std::string_view text) noexcept;

/// The frame that is nearest to a time, and back.
[[nodiscard]] std::uint64_t to_frames(std::uint64_t duration_ns, std::uint32_t rate_hz) noexcept;
[[nodiscard]] double to_seconds(std::uint64_t frames, std::uint32_t rate_hz) noexcept;

}  // namespace outboard::cli
