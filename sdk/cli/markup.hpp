// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Text made safe for where it goes: HTML, URLs, the shell.

#include <filesystem>
#include <string>
#include <string_view>

namespace outboard::cli {

/// For HTML text and attribute values.
[[nodiscard]] std::string html_escaped(std::string_view text);

/// How a page beside it calls a file: relative, and escaped for a URL.
[[nodiscard]] std::string relative_url(const std::filesystem::path& file,
                                       const std::filesystem::path& page_path);

/// A word of the shell, quoted where it has to be.
[[nodiscard]] std::string shell_quoted(const std::string& word);

}  // namespace outboard::cli
