// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The page of a run: one HTML file that loads nothing but the sound files beside it.

#include "sdk/cli/run_result.hpp"

#include <filesystem>
#include <string>

namespace outboard::cli {

/// page.html, built in.
extern const char* const page_template;

/// @param page_path  where it will be: the sound files are referred to from there
[[nodiscard]] std::string page_text(const RunResult& result,
                                    const std::filesystem::path& page_path);

}  // namespace outboard::cli
