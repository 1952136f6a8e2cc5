// SPDX-License-Identifier: MIT

#include "sdk/src/host/crash_report.hpp"

#include "rt/os/process.hpp"
#include "rt/os/signals.hpp"
#include "sdk/src/host/error_output.hpp"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <memory>
#include <string_view>

namespace outboard::host {

namespace {

constexpr std::int32_t signal_max = 64;

static_assert(std::tuple_size_v<decltype(link::CrashArea::frames)> == OB_CRASH_FRAMES_MAX);

template <std::size_t Size>
void put_text(std::string_view text, char (&out)[Size])
{
    const std::size_t length = std::min(text.size(), Size - 1);
    std::copy_n(text.data(), length, out);
    out[length] = '\0';
}

/// Up to the end of the text, or of the array where it has none.
template <std::size_t Size, std::size_t OutSize>
void put_printable(const std::array<char, Size>& text, char (&out)[OutSize])
{
    const auto end = std::find(text.begin(), text.end(), '\0');
    put_text(to_printable({text.data(), static_cast<std::size_t>(end - text.begin())}), out);
}

/// What its writer may still change is copied before it is looked at.
struct CrashCopy {
    std::int32_t signal;
    std::int32_t code;
    std::int32_t thread_id;
    std::uint64_t fault_address;
    std::uint64_t instruction;
    std::uint64_t block;
    std::uint32_t frame_count;
    std::array<char, 16> thread_name;
    std::array<char, 64> processor;
    std::array<link::CrashFrame, OB_CRASH_FRAMES_MAX> frames;
};

[[nodiscard]] CrashCopy copy_of(const link::CrashArea& area) noexcept
{
    return {area.signal, area.code,        area.thread_id,   area.fault_address, area.instruction,
            area.block,  area.frame_count, area.thread_name, area.processor,     area.frames};
}

void add_end(ob_crash_report& report, const rt::os::ExitStatus& status) noexcept
{
    report.signal = status.kind == rt::os::ExitKind::signalled ? status.value : 0;
    report.exit_code = status.kind == rt::os::ExitKind::exited ? status.value : -1;
}

[[nodiscard]] std::string hex(std::uint64_t value)
{
    std::array<char, 24> text{};
    static_cast<void>(std::snprintf(text.data(), text.size(), "0x%" PRIx64, value));
    return text.data();
}

[[nodiscard]] std::string how_it_ended(const ob_crash_report& report)
{
    if (report.signal != 0)
        return "died of " + rt::os::signal_name(report.signal);
    return report.exit_code >= 0 ? "exited with code " + std::to_string(report.exit_code) : "ended";
}

[[nodiscard]] std::string where(const ob_crash_report& report)
{
    std::string text;
    if (report.fault_address != 0)
        text += " at address " + hex(report.fault_address);
    if (report.has_sequence != 0)
        text += " in block " + std::to_string(report.sequence);
    if (report.processor_name[0] != '\0')
        text += std::string{" of processor "} + report.processor_name;
    if (report.thread_id != 0)
        text += ", thread " + std::to_string(report.thread_id) + " (" + report.thread_name + ")";
    return text;
}

}  // namespace

std::optional<ob_crash_report> read_crash(const link::CrashArea& area, std::uint32_t lane)
{
    // acquire, pairs with the release in service::publish(): what was announced is complete.
    if (area.is_written.load(std::memory_order_acquire) == 0)
        return std::nullopt;
    const auto copy = std::make_unique<const CrashCopy>(copy_of(area));
    const bool makes_sense = copy->signal >= 0 && copy->signal <= signal_max &&
                             copy->thread_id >= 0 && copy->frame_count <= OB_CRASH_FRAMES_MAX;
    if (!makes_sense)
        return std::nullopt;
    ob_crash_report report{};
    ob_crash_report_init(&report);
    report.signal = copy->signal;
    report.exit_code = copy->signal == 0 ? copy->code : -1;
    report.signal_code = copy->signal != 0 ? copy->code : 0;
    report.thread_id = copy->thread_id;
    report.fault_address = copy->fault_address;
    report.instruction = copy->instruction;
    const auto block = link::BlockInProgress::of(copy->block);
    const bool is_of_lane = copy->block != 0 && block.lane == lane;
    report.has_sequence = is_of_lane ? 1 : 0;
    report.sequence = is_of_lane ? block.sequence : 0;
    put_printable(copy->thread_name, report.thread_name);
    put_printable(copy->processor, report.processor_name);
    report.frame_count = copy->frame_count;
    for (std::size_t index = 0; index < copy->frame_count; ++index) {
        report.frames[index].address = copy->frames[index].address;
        report.frames[index].offset = copy->frames[index].offset;
        put_printable(copy->frames[index].module, report.frames[index].module);
    }
    return report;
}

ob_crash_report make_crash_report(Connection& lost, ob_cause cause)
{
    ob_crash_report report{};
    ob_crash_report_init(&report);
    report.exit_code = -1;
    if (const auto said =
            read_crash(lost.link().service_words().crash, lost.replica().lane_number()))
        report = *said;
    report.cause = cause;
    report.process_id = lost.process_id();
    // What the system says counts more than what the service said.
    if (const auto status = rt::os::exit_status(lost.link().process());
        status.kind != rt::os::ExitKind::unknown)
        add_end(report, status);
    put_text(lost.link().error_output().tail(), report.error_output);
    return report;
}

std::string describe(const ob_crash_report& report, const std::string& service)
{
    std::string text = "service '" + service + "' (process " + std::to_string(report.process_id) +
                       ") " + how_it_ended(report) + where(report);
    for (std::uint32_t index = 0; index < report.frame_count; ++index) {
        const ob_crash_frame& frame = report.frames[index];
        text += "\n  #" + std::to_string(index) + " " + hex(frame.address);
        if (frame.module[0] != '\0')
            text += std::string{" "} + frame.module + "+" + hex(frame.offset);
    }
    return text;
}

}  // namespace outboard::host
