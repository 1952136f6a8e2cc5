// SPDX-License-Identifier: MIT
#include "sdk/cli/crashes.hpp"

#include <fmt/format.h>

#include <csignal>
#include <string_view>

namespace outboard::cli {

namespace {

std::string end_of(const ob_crash_report& report)
{
    if (report.signal != 0)
        return "died of " + signal_text(report.signal);
    return report.exit_code >= 0 ? fmt::format("exited with code {}", report.exit_code) : "ended";
}

std::string place_of(const ob_crash_report& report)
{
    if (report.frame_count == 0)
        return "";
    const ob_crash_frame& frame = report.frames[0];
    return frame.module[0] != '\0' ? fmt::format(", at {}+{:#x}", frame.module, frame.offset)
                                   : fmt::format(", at {:#x}", frame.address);
}

std::string last_line_of(std::string_view text)
{
    const std::string line{text.substr(text.rfind('\n') + 1)};
    return line.empty() ? "" : "; it said: " + line;
}

}  // namespace

std::string signal_text(std::int32_t signal)
{
    switch (signal) {
        case SIGSEGV: return "SIGSEGV";
        case SIGBUS: return "SIGBUS";
        case SIGILL: return "SIGILL";
        case SIGFPE: return "SIGFPE";
        case SIGABRT: return "SIGABRT";
        case SIGSYS: return "SIGSYS";
        case SIGXCPU: return "SIGXCPU";
        case SIGKILL: return "SIGKILL";
        default: return fmt::format("signal {}", signal);
    }
}

std::string crash_text(const std::string& label, const ob_crash_report& report)
{
    std::string text = fmt::format("{} (process {}) {}", label, report.process_id, end_of(report));
    if (report.has_sequence != 0)
        text += fmt::format(" in block {}", report.sequence);
    if (report.processor_name[0] != '\0')
        text += fmt::format(" of {}", report.processor_name);
    return text + place_of(report) + last_line_of(report.error_output);
}

bool tells_something(const ob_crash_report& report) noexcept
{
    return report.thread_id != 0 || report.error_output[0] != '\0';
}

}  // namespace outboard::cli
