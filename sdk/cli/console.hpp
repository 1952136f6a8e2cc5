// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What goes to stderr while a command works: log lines and one line of progress.

#include <outboard/common.h>

#include <cstdint>
#include <string>

namespace outboard::cli {

enum class Verbosity : std::uint8_t { quiet, normal, verbose };

/// Prepares logging to stderr. To be called before anything is logged.
void set_up_console(Verbosity verbosity);

/// For ob_host_config: lines of the library. @thread any plain one
void log_message(void* context, ob_log_level level, const char* message) noexcept;

/// From here on errors of the library are shown. Before, while services are started, each of them
/// makes a call fail, and that failure is shown.
void show_library_errors() noexcept;

void log_warning(const std::string& message);
void log_error(const std::string& message);

/// Replaces the line of progress; shows nothing where stderr is no terminal.
/// @thread any plain one
void show_progress(const std::string& text);
void clear_progress();

}  // namespace outboard::cli
