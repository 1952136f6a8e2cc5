// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The page of a run: one HTML file that loads nothing but the sound files beside it.

#include "sdk/cli/run_result.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace outboard::cli {

/// page.html, built in.
extern const char* const page_template;

/// @param page_path  where it will be: the sound files are referred to from there
[[nodiscard]] std::string page_text(const RunResult& result,
                                    const std::filesystem::path& page_path);

/// For HTML text and attribute values.
[[nodiscard]] std::string html_escaped(std::string_view text);

/// How a page beside it calls a file: relative, and escaped for a URL.
[[nodiscard]] std::string relative_url(const std::filesystem::path& file,
                                       const std::filesystem::path& page_path);

/// A word of the shell, quoted where it has to be.
[[nodiscard]] std::string shell_quoted(const std::string& word);

}  // namespace outboard::cli
