// SPDX-License-Identifier: MIT
#include "sdk/cli/console.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <cstdio>
#include <exception>
#include <memory>

namespace outboard::cli {

namespace {

// Back to the start of the line, and clear it: a log line may find progress there.
constexpr const char* clear_line = "\r\x1b[K";

bool shows_progress = false;
std::atomic<bool> shows_library_errors{false};

spdlog::level::level_enum level_of(Verbosity verbosity)
{
    switch (verbosity) {
        case Verbosity::quiet: return spdlog::level::err;
        case Verbosity::normal: return spdlog::level::warn;
        case Verbosity::verbose: return spdlog::level::debug;
    }
    return spdlog::level::warn;
}

spdlog::level::level_enum level_of(ob_log_level level)
{
    switch (level) {
        case OB_LOG_DEBUG: return spdlog::level::debug;
        case OB_LOG_INFO: return spdlog::level::info;
        case OB_LOG_WARNING: return spdlog::level::warn;
        case OB_LOG_ERROR: return spdlog::level::err;
    }
    return spdlog::level::info;
}

}  // namespace

void set_up_console(Verbosity verbosity)
{
    auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
    const bool is_terminal = sink->should_color();
    auto logger = std::make_shared<spdlog::logger>("outboard", std::move(sink));
    logger->set_level(level_of(verbosity));
    logger->set_pattern(std::string{is_terminal ? clear_line : ""} + "outboard: %^%l%$: %v");
    spdlog::set_default_logger(std::move(logger));
    shows_progress = is_terminal && verbosity != Verbosity::quiet;
}

void log_message(void* /*context*/, ob_log_level level, const char* message) noexcept
{
    if (level == OB_LOG_ERROR && !shows_library_errors.load(std::memory_order_relaxed))
        return;
    try {
        spdlog::log(level_of(level), "{}", message);
    } catch (const std::exception& error) {
        static_cast<void>(std::fprintf(stderr, "outboard: cannot log: %s\n", error.what()));
    }
}

void show_library_errors() noexcept
{
    shows_library_errors.store(true, std::memory_order_relaxed);
}

void log_warning(const std::string& message)
{
    spdlog::warn("{}", message);
}

void log_error(const std::string& message)
{
    spdlog::error("{}", message);
}

void show_progress(const std::string& text)
{
    if (shows_progress)
        static_cast<void>(std::fprintf(stderr, "%s%s", clear_line, text.c_str()));
}

void clear_progress()
{
    show_progress("");
}

}  // namespace outboard::cli
