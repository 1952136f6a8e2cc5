// SPDX-License-Identifier: MIT

#include "bench/ipc/report.hpp"

#include "bench/distance_probe.hpp"

#include <cinttypes>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <sstream>

namespace outboard::bench::ipc {

namespace {

using Json = nlohmann::ordered_json;

constexpr double bytes_per_mib = 1 << 20;

[[nodiscard]] double us(std::uint64_t ns) noexcept
{
    return static_cast<double>(ns) / 1e3;
}

[[nodiscard]] double mib_per_s(const OneWayFigures& figures, std::size_t message_bytes) noexcept
{
    return static_cast<double>(message_bytes) / figures.message_ns * 1e9 / bytes_per_mib;
}

[[nodiscard]] const char* placement_name(const Plan& plan) noexcept
{
    return plan.shares_cpu ? "same" : "other";
}

[[nodiscard]] std::string scheduling_name(const Report& report)
{
    for (const SizeResult& size : report.sizes) {
        for (const Measured& measured : size.mechanisms) {
            if (!measured.has_placement)
                return "refused";
        }
    }
    return report.placement.priority == 0
               ? "ordinary"
               : "SCHED_FIFO " + std::to_string(report.placement.priority);
}

[[nodiscard]] std::string size_name(std::size_t bytes)
{
    if (bytes % (1 << 20) == 0)
        return std::to_string(bytes >> 20) + " MiB";
    if (bytes % (1 << 10) == 0)
        return std::to_string(bytes >> 10) + " KiB";
    return std::to_string(bytes) + " B";
}

void print(const std::optional<RoundRatio>& ratio)
{
    if (ratio) {
        std::printf(" %7.2f (%.2f-%.2f)", ratio->median, ratio->lower_quartile,
                    ratio->upper_quartile);
    }
}

void print_line(const Measured& measured, const Measured* base, std::size_t message_bytes)
{
    std::printf("%-16s", measured.mechanism.c_str());
    if (!measured.refused.empty() || !measured.failed.empty()) {
        const bool has_failed = !measured.failed.empty();
        std::printf(" %s %s\n", has_failed ? "FAILED:" : "-",
                    (has_failed ? measured.failed : measured.refused).c_str());
        return;
    }
    const auto round_trip = round_trip_figures(measured, base);
    const auto one_way = one_way_figures(measured, base);
    if (!round_trip || !one_way) {
        std::printf(" - interrupted before its first chunk\n");
        return;
    }
    std::printf(" %8.2f %8.2f ", us(round_trip->p50_ns), us(round_trip->p99_ns));
    if (round_trip->p99_9_ns) {
        std::printf("%8.2f", us(*round_trip->p99_9_ns));
    } else {
        std::printf("%8s", "-");
    }
    std::printf(" %9.1f %8zu %5.2f", us(round_trip->max_ns), round_trip->samples, round_trip->cpus);
    print(round_trip->ratio);
    std::printf("  | %9.4f %9.1f %5.2f", 1e3 / one_way->message_ns,
                mib_per_s(*one_way, message_bytes), one_way->cpus);
    print(one_way->ratio);
    std::printf("\n");
}

[[nodiscard]] Json ratio_json(const std::optional<RoundRatio>& ratio)
{
    if (!ratio)
        return nullptr;
    return {{"median", ratio->median},
            {"quartiles", Json::array({ratio->lower_quartile, ratio->upper_quartile})}};
}

[[nodiscard]] Json measured_json(const Measured& measured, const Measured* base,
                                 std::size_t message_bytes)
{
    Json json{{"mechanism", measured.mechanism}};
    if (!measured.refused.empty()) {
        json["refused"] = measured.refused;
    } else if (!measured.failed.empty()) {
        json["failed"] = measured.failed;
    } else if (const auto round_trip = round_trip_figures(measured, base)) {
        const auto p99_9 = round_trip->p99_9_ns;
        json["round_trip"] = {{"samples", round_trip->samples},
                              {"chunks", round_trip->chunks},
                              {"p50_ns", round_trip->p50_ns},
                              {"p99_ns", round_trip->p99_ns},
                              {"p99_9_ns", p99_9 ? Json(*p99_9) : Json(nullptr)},
                              {"max_ns", round_trip->max_ns},
                              {"cpus", round_trip->cpus},
                              {"ratio", ratio_json(round_trip->ratio)}};
        const auto one_way = one_way_figures(measured, base);
        json["one_way"] = {{"messages", one_way->messages},
                           {"chunks", one_way->chunks},
                           {"messages_per_s", 1e9 / one_way->message_ns},
                           {"mib_per_s", mib_per_s(*one_way, message_bytes)},
                           {"cpus", one_way->cpus},
                           {"ratio", ratio_json(one_way->ratio)}};
    }
    return json;
}

[[nodiscard]] Json size_json(const SizeResult& size)
{
    Json results = Json::array();
    for (const Measured& measured : size.mechanisms)
        results.push_back(measured_json(measured, size.base(), size.message_bytes));
    return {{"message_bytes", size.message_bytes},
            {"distance_ns", Json::array({size.distance_before_ns, size.distance_after_ns})},
            {"distance", distance_name(size.distance_after_ns)},
            {"steal_percent", size.steal_percent},
            {"results", std::move(results)}};
}

/// RFC 4180: text that has commas or quotes stands in quotes.
[[nodiscard]] std::string quoted(const std::string& text)
{
    std::string result = "\"";
    for (const char letter : text)
        result += letter == '"' ? std::string{"\"\""} : std::string{letter};
    return result + '"';
}

void append_csv(std::ostringstream& out, const SizeResult& size, const Measured& measured)
{
    out << size.message_bytes << ',' << measured.mechanism << ',';
    const auto round_trip = round_trip_figures(measured, size.base());
    const auto one_way = one_way_figures(measured, size.base());
    if (!measured.refused.empty() || !measured.failed.empty() || !round_trip || !one_way) {
        const std::string why = measured.failed.empty() ? measured.refused : measured.failed;
        out << ",,,,,,,,,,,," << quoted(why) << "\r\n";
        return;
    }
    const auto ratio = [&out](const std::optional<RoundRatio>& value) {
        if (value)
            out << value->median;
        out << ',';
    };
    out << round_trip->samples << ',' << round_trip->p50_ns << ',' << round_trip->p99_ns << ',';
    if (round_trip->p99_9_ns)
        out << *round_trip->p99_9_ns;
    out << ',' << round_trip->max_ns << ',' << round_trip->cpus << ',';
    ratio(round_trip->ratio);
    out << one_way->messages << ',' << 1e9 / one_way->message_ns << ','
        << mib_per_s(*one_way, size.message_bytes) << ',' << one_way->cpus << ',';
    ratio(one_way->ratio);
    out << "\r\n";
}

}  // namespace

void print_head(const Report& report)
{
    print(report.machine);
    std::printf("command   %s\n", report.plan.command_line.c_str());
    std::printf(
        "plan      %zu mechanisms, %zu sizes, %zu rounds of two chunks of %.0f ms each: "
        "about %.0f s\n",
        report.plan.mechanisms.size(), report.plan.sizes.size(), report.plan.round_count,
        static_cast<double>(report.plan.chunk_ns) / 1e6, expected_seconds(report.plan));
    std::printf("sides     two processes on %s, %s; every message is checked\n",
                report.plan.shares_cpu ? "the same CPU" : "a CPU each",
                report.placement.priority == 0 ? "without real-time rights" : "SCHED_FIFO");
    std::printf(
        "ratios    time to that of %s in the same round, median (quartiles); below 1 is "
        "faster; %s is the A/A pair\n",
        base_name, again_name);
    for (const std::string& name : report.plan.mechanisms) {
        for (const Mechanism& mechanism : mechanisms()) {
            if (mechanism.name == name)
                std::printf("  %-16s waits by %s\n", mechanism.name, mechanism.waits_by);
        }
    }
    std::printf("\n");
    static_cast<void>(std::fflush(stdout));
}

void print(const SizeResult& result, const Report& report)
{
    std::printf("%s, placement %s; CPUs %s, %" PRIu64 "/%" PRIu64 " ns; %s%ssteal %.2f %%\n",
                size_name(result.message_bytes).c_str(), placement_name(report.plan),
                distance_name(result.distance_after_ns), result.distance_before_ns,
                result.distance_after_ns, scheduling_name(report).c_str(),
                report.machine.is_virtual ? ", virtual machine, " : ", ", result.steal_percent);
    std::printf("%-16s %8s %8s %8s %9s %8s %5s %7s %-13s | %9s %9s %5s %7s\n", "", "p50 us",
                "p99 us", "p99.9 us", "max us", "trips", "CPUs", "ratio", "", "M msg/s", "MiB/s",
                "CPUs", "ratio");
    for (const Measured& measured : result.mechanisms)
        print_line(measured, result.base(), result.message_bytes);
    std::printf("\n");
    static_cast<void>(std::fflush(stdout));
}

Json to_json(const Report& report)
{
    Json listed = Json::array();
    for (const Mechanism& mechanism : mechanisms()) {
        const bool is_missing = mechanism.open == nullptr;
        listed.push_back({{"name", mechanism.name},
                          {"waits_by", mechanism.waits_by},
                          {"missing", is_missing ? Json(mechanism.missing) : Json(nullptr)}});
    }
    Json sizes = Json::array();
    for (const SizeResult& size : report.sizes)
        sizes.push_back(size_json(size));
    return {{"benchmark", "ipc"},
            {"version", 1},
            {"command", report.plan.command_line},
            {"quick", report.plan.is_quick},
            {"interrupted", report.is_interrupted},
            {"placement", placement_name(report.plan)},
            {"scheduling", scheduling_name(report)},
            {"rounds", report.plan.round_count},
            {"chunk_ns", report.plan.chunk_ns},
            {"base", base_name},
            {"machine", bench::to_json(report.machine)},
            {"mechanisms", std::move(listed)},
            {"sizes", std::move(sizes)}};
}

std::string to_csv(const Report& report)
{
    std::ostringstream out;
    out << "message_bytes,mechanism,round_trips,p50_ns,p99_ns,p99_9_ns,max_ns,round_trip_cpus,"
           "round_trip_ratio,messages,messages_per_s,mib_per_s,one_way_cpus,one_way_ratio,"
           "without_figures\r\n";
    for (const SizeResult& size : report.sizes) {
        for (const Measured& measured : size.mechanisms)
            append_csv(out, size, measured);
    }
    return out.str();
}

std::vector<std::string> failures(const Report& report)
{
    std::vector<std::string> lines;
    for (const SizeResult& size : report.sizes) {
        for (const Measured& measured : size.mechanisms) {
            if (!measured.failed.empty()) {
                lines.push_back(measured.mechanism + ", " + size_name(size.message_bytes) + ": " +
                                measured.failed);
            }
        }
    }
    return lines;
}

}  // namespace outboard::bench::ipc
