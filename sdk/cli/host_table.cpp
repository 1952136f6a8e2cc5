// SPDX-License-Identifier: MIT
#include "sdk/cli/host_table.hpp"

#include "sdk/cli/printable.hpp"

#include <fmt/format.h>

#include <cmath>

namespace outboard::cli {

namespace {

constexpr std::size_t width_max = 80;
constexpr std::size_t service_width = 12;

/// At most five characters.
std::string us_text(std::uint64_t time_ns)
{
    const double time_us = static_cast<double>(time_ns) / 1000;
    if (time_us < 99.95)
        return fmt::format("{:.1f}", time_us);
    if (time_us < 99'999.5)
        return fmt::format("{:.0f}", time_us);
    return fmt::format("{:.0f}k", time_us / 1000);
}

/// In full where it fits, else in thousands or millions; `width` is 4 at the least.
std::string count_text(std::uint64_t count, std::size_t width)
{
    std::string text = fmt::format("{}", count);
    if (text.size() <= width)
        return text;
    if (count < 1'000'000)
        return fmt::format("{}k", count / 1000);
    return count < 1'000'000'000 ? fmt::format("{}M", count / 1'000'000) : "many";
}

std::string load_text(const ob_observed_insert& insert)
{
    const auto load = dsp_load(insert);
    if (!load)
        return "-";
    const double percent = *load * 100;
    return percent < 99.95 ? fmt::format("{:.1f}%", percent)
                           : fmt::format("{:.0f}%", std::fmin(percent, 9999));
}

/// "fifo68"
std::string grant_text(const ob_realtime_grant& grant)
{
    switch (grant.step) {
        case OB_REALTIME_FIFO: return fmt::format("fifo{}", grant.priority);
        case OB_REALTIME_KIT: return fmt::format("rr{}", grant.priority);
        case OB_REALTIME_NICE: return fmt::format("nice{}", grant.priority);
        case OB_REALTIME_NONE: break;
    }
    return "none";
}

/// Six characters at most, as all of the following.
const char* short_state(ob_insert_state state) noexcept
{
    switch (state) {
        case OB_INSERT_WET: return "wet";
        case OB_INSERT_FALLBACK: return "absent";
        case OB_INSERT_BROKEN: return "broken";
    }
    return "absent";
}

const char* short_guarantee(ob_guarantee guarantee) noexcept
{
    switch (guarantee) {
        case OB_GUARANTEE_NONE: return "none";
        case OB_GUARANTEE_PARAMETERS: return "params";
        case OB_GUARANTEE_FINITE_MEMORY: return "finite";
        case OB_GUARANTEE_EXACT: return "exact";
    }
    return "none";
}

std::string running_text(std::uint64_t running_ns)
{
    const std::uint64_t seconds = running_ns / 1'000'000'000;
    return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

std::string name_of(const ob_host_entry& entry)
{
    return entry.number == 1 ? fmt::format("{}", entry.process_id)
                             : fmt::format("{}-{}", entry.process_id, entry.number);
}

std::string host_line(const ob_host_entry& entry, const ob_observed_host& host)
{
    const std::string line =
        fmt::format("{}  {}  {}  up {}  supervisor {}{}", name_of(entry), printable(host.name, 24),
                    host.library_version, running_text(host.running_ns),
                    grant_text(host.supervisor), host.cpu_latency_held != 0 ? "  cpus awake" : "");
    return printable(line, width_max);
}

std::string heading()
{
    return fmt::format("{:>3} {:<{}} {:>7} {:<6} {:>5} {:>5} {:>5} {:>6} {:>4} {:>4} {:<6} {}", "#",
                       "SERVICE", service_width, "PID", "STATE", "LOAD", "P50us", "P99us", "MISSES",
                       "LOST", "STBY", "EXACT", "RT");
}

std::string insert_line(const ob_observed_insert& insert)
{
    const ob_insert_status& status = insert.status;
    const ob_histogram_summary& trip = histogram_of(insert, OB_HISTOGRAM_ROUND_TRIP);
    const bool is_measured = trip.count != 0;
    return fmt::format(
        "{:>3} {:<{}} {:>7} {:<6} {:>5} {:>5} {:>5} {:>6} {:>4} {:>4} {:<6} {}", insert.number,
        printable(status.service_name, service_width), service_width,
        status.service_process_id < 0 ? "-" : std::to_string(status.service_process_id),
        short_state(status.state), load_text(insert), is_measured ? us_text(trip.p50_ns) : "-",
        is_measured ? us_text(trip.p99_ns) : "-", count_text(insert.statistics.deadline_misses, 6),
        count_text(insert.statistics.failovers, 4),
        fmt::format("{}/{}", status.standby_count, status.standbys_wanted),
        short_guarantee(status.guarantee), grant_text(status.dsp_thread));
}

void add_note(std::vector<TableLine>& lines, std::uint32_t number, std::string_view topic,
              std::string_view text)
{
    const std::string note = fmt::format("{:>3} {}: ", number, topic);
    lines.push_back({.text = note + printable(text, width_max - note.size())});
}

/// What is not as it was asked for, and why.
void add_notes(std::vector<TableLine>& lines, const ob_observed_insert& insert)
{
    const ob_insert_status& status = insert.status;
    if (status.state != OB_INSERT_WET && *status.message != '\0')
        add_note(lines, insert.number, "service", status.message);
    if (status.standbys_wanted != 0 && status.guarantee != OB_GUARANTEE_EXACT)
        add_note(lines, insert.number, "not exact", status.guarantee_reason);
    const bool is_realtime = status.dsp_thread.step == OB_REALTIME_FIFO;
    if (insert.caller_priority > 0 && !is_realtime && *status.dsp_thread.description != '\0')
        add_note(lines, insert.number, "real-time", status.dsp_thread.description);
}

void add_inserts(std::vector<TableLine>& lines, const ObservedHost& host, TroubleCounts& trouble)
{
    const Snapshot& snapshot = *host.snapshot;
    if (snapshot.insert_count() == 0) {
        lines.push_back({.text = "    no inserts"});
        return;
    }
    lines.push_back({.text = heading(), .is_heading = true});
    for (std::uint32_t index = 0; index < snapshot.insert_count(); ++index) {
        const ob_observed_insert& insert = snapshot.insert(index);
        lines.push_back({.text = insert_line(insert),
                         .is_heading = false,
                         .is_alarming = trouble.have_grown(host.entry, insert)});
    }
    for (std::uint32_t index = 0; index < snapshot.insert_count(); ++index)
        add_notes(lines, snapshot.insert(index));
}

}  // namespace

bool TroubleCounts::have_grown(const ob_host_entry& host, const ob_observed_insert& insert)
{
    const std::uint64_t count = insert.statistics.deadline_misses + insert.statistics.failovers;
    const auto [place, is_new] =
        counts_.try_emplace(Key{host.process_id, host.number, insert.number}, count);
    const bool has_grown = count > place->second;
    place->second = count;
    return !is_new && has_grown;
}

std::vector<TableLine> host_table(std::span<const ObservedHost> hosts, TroubleCounts& trouble)
{
    std::vector<TableLine> lines;
    for (const ObservedHost& host : hosts) {
        if (!lines.empty())
            lines.emplace_back();
        if (host.snapshot) {
            lines.push_back({.text = host_line(host.entry, host.snapshot->host())});
            add_inserts(lines, host, trouble);
        } else {
            const std::string name = name_of(host.entry) + "  ";
            lines.push_back({.text = name + printable(host.problem, width_max - name.size()),
                             .is_heading = false,
                             .is_alarming = true});
        }
    }
    return lines;
}

const char* no_host_text() noexcept
{
    return "No host is running. `outboard run` is one, as is any program that uses the library.";
}

}  // namespace outboard::cli
