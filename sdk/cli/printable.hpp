// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Text of other programs, made fit for a terminal.

#include <cstddef>
#include <string>
#include <string_view>

namespace outboard::cli {

/// Control characters, which a terminal would obey, and what is not UTF-8 become '?'; at most
/// `width` characters, the last of them '~' where some were cut off.
[[nodiscard]] std::string printable(std::string_view text, std::size_t width);

}  // namespace outboard::cli
