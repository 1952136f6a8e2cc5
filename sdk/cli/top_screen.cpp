// SPDX-License-Identifier: MIT
#include "sdk/cli/top_screen.hpp"

#include "sdk/cli/printable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <string_view>

namespace outboard::cli {

namespace {

constexpr const char* reverse = "\x1b[7m";
constexpr const char* bold_red = "\x1b[1;31m";
constexpr const char* ordinary = "\x1b[0m";

std::string plural(std::size_t count, std::string_view noun)
{
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

/// Services that are primary now; one can serve several inserts.
std::size_t service_count(std::span<const ObservedHost> hosts)
{
    std::set<std::int32_t> process_ids;
    for (const ObservedHost& host : hosts) {
        for (std::uint32_t index = 0; host.snapshot && index < host.snapshot->insert_count();
             ++index)
            process_ids.insert(host.snapshot->insert(index).status.service_process_id);
    }
    process_ids.erase(-1);
    return process_ids.size();
}

std::vector<TableLine> lines_of(std::span<const ObservedHost> hosts, TroubleCounts& trouble)
{
    std::vector<TableLine> lines{{.text = totals_text(hosts)}, {}};
    if (hosts.empty()) {
        lines.push_back({.text = no_host_text()});
        return lines;
    }
    const auto table = host_table(hosts, trouble);
    lines.insert(lines.end(), table.begin(), table.end());
    return lines;
}

}  // namespace

std::string totals_text(std::span<const ObservedHost> hosts)
{
    std::size_t insert_count = 0;
    std::size_t silent_count = 0;
    for (const ObservedHost& host : hosts) {
        insert_count += host.snapshot ? host.snapshot->insert_count() : 0;
        silent_count += host.snapshot ? 0 : 1;
    }
    std::string text =
        fmt::format("outboard: {}, {}, {}", plural(hosts.size(), "host"),
                    plural(insert_count, "insert"), plural(service_count(hosts), "service"));
    if (silent_count != 0)
        text += fmt::format(", {} without an answer", silent_count);
    return text;
}

std::string plain_view(std::span<const ObservedHost> hosts, TroubleCounts& trouble)
{
    std::string view;
    for (const TableLine& line : lines_of(hosts, trouble))
        view += line.text + '\n';
    return view;
}

std::string terminal_view(std::span<const ObservedHost> hosts, TroubleCounts& trouble,
                          std::size_t columns, std::size_t line_count)
{
    auto lines = lines_of(hosts, trouble);
    lines.front().text += "  (q ends)";
    // The last line of the terminal stays empty: a line end there would scroll.
    lines.resize(std::min(lines.size(), line_count > 1 ? line_count - 1 : 1));
    std::string view;
    for (const TableLine& line : lines) {
        const char* const colour = line.is_alarming ? bold_red : line.is_heading ? reverse : "";
        const std::string text = printable(line.text, columns);
        view += *colour != '\0' ? colour + text + ordinary + '\n' : text + '\n';
    }
    return view;
}

}  // namespace outboard::cli
