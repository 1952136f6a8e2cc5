// SPDX-License-Identifier: MIT
#include "sdk/cli/metrics_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

namespace outboard::cli {

namespace {

constexpr double ns_a_second = 1e9;

/// Label values may hold anything but these three as they are.
std::string escaped(std::string_view text)
{
    std::string result;
    for (const char character : text) {
        switch (character) {
            case '\\': result += "\\\\"; break;
            case '"': result += "\\\""; break;
            case '\n': result += "\\n"; break;
            default: result += character;
        }
    }
    return result;
}

std::string value_text(double value)
{
    if (value == std::numeric_limits<double>::infinity())
        return "+Inf";
    return fmt::format("{}", value);
}

class MetricWriter {
public:
    void begin(std::string_view name, std::string_view type, std::string_view help)
    {
        name_ = name;
        fmt::format_to(std::back_inserter(text_), "# HELP {} {}\n# TYPE {} {}\n", name, help, name,
                       type);
    }

    void add(std::string_view labels, double value, std::string_view suffix = "")
    {
        fmt::format_to(std::back_inserter(text_), "{}{}{} {}\n", name_, suffix,
                       labels.empty() ? "" : fmt::format("{{{}}}", labels), value_text(value));
    }

    /// Counts are exact in text, and not in a double.
    void add_count(std::string_view labels, std::uint64_t count, std::string_view suffix = "")
    {
        fmt::format_to(std::back_inserter(text_), "{}{}{{{}}} {}\n", name_, suffix, labels, count);
    }

    [[nodiscard]] std::string text() && { return std::move(text_); }

private:
    std::string_view name_;
    std::string text_;
};

struct LabelledHost {
    std::string labels;
    const ob_observed_host* host;
};

struct LabelledInsert {
    std::string labels;
    const ob_observed_insert* insert;
};

std::string host_labels(const ob_host_entry& entry, const ob_observed_host& host)
{
    return fmt::format("pid=\"{}\",host=\"{}\",number=\"{}\"", entry.process_id, escaped(host.name),
                       entry.number);
}

std::string insert_labels(const std::string& host, const ob_observed_insert& insert)
{
    return fmt::format("{},insert=\"{}\",service=\"{}\",processor=\"{}\"", host, insert.number,
                       escaped(insert.status.service_name), escaped(insert.status.processor_name));
}

struct Gauge {
    const char* name;
    const char* help;
    double (*value)(const ob_observed_insert& insert);
};

double or_infinity(std::uint32_t count) noexcept
{
    return count == UINT32_MAX ? std::numeric_limits<double>::infinity() : count;
}

constexpr std::array<Gauge, 15> gauges{{
    {"outboard_insert_wet", "1 while a service answers, 0 while the fallback is heard.",
     [](const ob_observed_insert& insert) {
         return insert.status.state == OB_INSERT_WET ? 1.0 : 0.0;
     }},
    {"outboard_insert_broken", "1 while starting the service fails again and again.",
     [](const ob_observed_insert& insert) {
         return insert.status.state == OB_INSERT_BROKEN ? 1.0 : 0.0;
     }},
    {"outboard_insert_standbys_wanted", "Standbys that were asked for.",
     [](const ob_observed_insert& insert) {
         return static_cast<double>(insert.status.standbys_wanted);
     }},
    {"outboard_insert_standbys_in_step", "Standbys that answer, in step.",
     [](const ob_observed_insert& insert) {
         return static_cast<double>(insert.status.standby_count);
     }},
    {"outboard_insert_guarantee",
     "What the death of the service would cost: 0 fallback until another is ready, 1 a standby has "
     "state and parameters, 2 and the past that matters, 3 its output is the same bit for bit.",
     [](const ob_observed_insert& insert) { return static_cast<double>(insert.status.guarantee); }},
    {"outboard_insert_forecast_blocks_lost", "Blocks lost at the least if the service died now.",
     [](const ob_observed_insert& insert) {
         return static_cast<double>(insert.forecast.blocks_lost);
     }},
    {"outboard_insert_forecast_blocks_lost_max",
     "And at the most; +Inf: all until another is ready.",
     [](const ob_observed_insert& insert) { return or_infinity(insert.forecast.blocks_lost_max); }},
    {"outboard_insert_sandboxed", "1 where the service has less than its user's rights.",
     [](const ob_observed_insert& insert) {
         return static_cast<double>(insert.status.is_sandboxed);
     }},
    {"outboard_insert_generation", "Services that have served this insert.",
     [](const ob_observed_insert& insert) {
         return static_cast<double>(insert.status.generation);
     }},
    {"outboard_insert_dsp_realtime_step",
     "What the DSP thread obtained: 0 ordinary scheduling, 1 nice, 2 RealtimeKit, 3 SCHED_FIFO.",
     [](const ob_observed_insert& insert) {
         return static_cast<double>(insert.status.dsp_thread.step);
     }},
    {"outboard_insert_dsp_realtime_priority", "Its priority, or nice level at step 1.",
     [](const ob_observed_insert& insert) {
         return static_cast<double>(insert.status.dsp_thread.priority);
     }},
    {"outboard_insert_caller_priority", "Real-time priority of the audio thread; 0: none.",
     [](const ob_observed_insert& insert) { return static_cast<double>(insert.caller_priority); }},
    {"outboard_insert_latency_seconds", "From input to output.",
     [](const ob_observed_insert& insert) {
         return insert.status.latency_frames / insert.sample_rate_hz;
     }},
    {"outboard_insert_period_seconds", "Time of what the processor gets at once.",
     [](const ob_observed_insert& insert) {
         return static_cast<double>(insert.period_ns) / ns_a_second;
     }},
    {"outboard_insert_dsp_load_ratio", "Median time of the processor, as a part of the period.",
     [](const ob_observed_insert& insert) { return dsp_load(insert).value_or(0); }},
}};

struct Count {
    const char* name;
    const char* help;
    std::uint64_t ob_insert_statistics::*value;
};

constexpr std::array<Count, 15> counts{{
    {"outboard_insert_blocks_total", "Blocks that the host gave.", &ob_insert_statistics::blocks},
    {"outboard_insert_frames_total", "Frames that the host gave.", &ob_insert_statistics::frames},
    {"outboard_insert_frames_lost_total", "Frames that the fallback filled.",
     &ob_insert_statistics::frames_lost},
    {"outboard_insert_concealed_blocks_total", "Blocks with at least one such frame.",
     &ob_insert_statistics::concealed_blocks},
    {"outboard_insert_deadline_misses_total", "Waits that ended without an answer.",
     &ob_insert_statistics::deadline_misses},
    {"outboard_insert_late_replies_total", "Answers after the deadline, discarded.",
     &ob_insert_statistics::late_replies},
    {"outboard_insert_not_posted_total", "Blocks that a full ring did not take.",
     &ob_insert_statistics::not_posted},
    {"outboard_insert_non_finite_blocks_total", "Answers with NaN or infinity, not played.",
     &ob_insert_statistics::non_finite_blocks},
    {"outboard_insert_corrupt_replies_total", "Answers that broke the protocol.",
     &ob_insert_statistics::corrupt_replies},
    {"outboard_insert_failovers_total", "Services lost.", &ob_insert_statistics::failovers},
    {"outboard_insert_events_dropped_total", "Output events without room.",
     &ob_insert_statistics::events_dropped},
    {"outboard_insert_incidents_dropped_total", "Incidents that the host did not fetch in time.",
     &ob_insert_statistics::incidents_dropped},
    {"outboard_insert_diverged_blocks_total", "Answers of two replicas that were not equal.",
     &ob_insert_statistics::diverged_blocks},
    {"outboard_insert_poison_blocks_total", "Blocks left out because services died over them.",
     &ob_insert_statistics::poison_blocks},
    {"outboard_insert_resets_total", "Resets of processors that gave nothing but NaN or infinity.",
     &ob_insert_statistics::resets},
}};

struct Times {
    const char* name;
    const char* help;
    ob_histogram_kind kind;
};

constexpr std::array<Times, 4> times{{
    {"outboard_insert_round_trip_seconds", "From the post of a block until its answer was seen.",
     OB_HISTOGRAM_ROUND_TRIP},
    {"outboard_insert_process_seconds", "Inside process, waits included.", OB_HISTOGRAM_PROCESS},
    {"outboard_insert_own_seconds", "The same without waits and wakes.", OB_HISTOGRAM_OWN},
    {"outboard_insert_dsp_seconds", "Inside the processor.", OB_HISTOGRAM_DSP},
}};

void add_quantiles(MetricWriter& writer, const LabelledInsert& labelled, ob_histogram_kind kind)
{
    const ob_histogram_summary& summary = histogram_of(*labelled.insert, kind);
    const std::array<std::pair<const char*, std::uint64_t>, 5> quantiles{
        {{"0.5", summary.p50_ns},
         {"0.9", summary.p90_ns},
         {"0.99", summary.p99_ns},
         {"0.999", summary.p99_9_ns},
         {"1", summary.max_ns}}};
    for (const auto& [quantile, time_ns] : quantiles) {
        const double seconds = static_cast<double>(time_ns) / ns_a_second;
        writer.add(fmt::format("{},quantile=\"{}\"", labelled.labels, quantile),
                   summary.count != 0 ? seconds : std::numeric_limits<double>::quiet_NaN());
    }
    writer.add_count(labelled.labels, summary.count, "_count");
}

void write_hosts(MetricWriter& writer, std::span<const LabelledHost> hosts)
{
    writer.begin("outboard_host_info", "gauge", "1 for each host; the label tells its version.");
    for (const LabelledHost& each : hosts) {
        const std::string version = escaped(each.host->library_version);
        writer.add(fmt::format("{},version=\"{}\"", each.labels, version), 1);
    }
    writer.begin("outboard_host_start_time_seconds", "gauge", "When it was made, since 1970.");
    for (const LabelledHost& each : hosts)
        writer.add(each.labels, static_cast<double>(each.host->started_unix_ns) / ns_a_second);
    writer.begin("outboard_host_inserts", "gauge", "Inserts it has.");
    for (const LabelledHost& each : hosts)
        writer.add(each.labels, each.host->insert_count);
    writer.begin("outboard_host_cpu_latency_held", "gauge",
                 "1 while it keeps CPUs from sleeping deeply.");
    for (const LabelledHost& each : hosts)
        writer.add(each.labels, each.host->cpu_latency_held);
    writer.begin("outboard_host_supervisor_realtime_step", "gauge",
                 "What its supervisor obtained, as for outboard_insert_dsp_realtime_step.");
    for (const LabelledHost& each : hosts)
        writer.add(each.labels, each.host->supervisor.step);
}

void write_inserts(MetricWriter& writer, std::span<const LabelledInsert> inserts)
{
    for (const Gauge& gauge : gauges) {
        writer.begin(gauge.name, "gauge", gauge.help);
        for (const LabelledInsert& each : inserts)
            writer.add(each.labels, gauge.value(*each.insert));
    }
    for (const Count& count : counts) {
        writer.begin(count.name, "counter", count.help);
        for (const LabelledInsert& each : inserts)
            writer.add_count(each.labels, each.insert->statistics.*count.value);
    }
    for (const Times& figure : times) {
        writer.begin(figure.name, "summary", figure.help);
        for (const LabelledInsert& each : inserts)
            add_quantiles(writer, each, figure.kind);
    }
}

}  // namespace

std::string metrics_text(std::span<const ObservedHost> hosts)
{
    std::vector<LabelledHost> labelled_hosts;
    std::vector<LabelledInsert> inserts;
    for (const ObservedHost& host : hosts) {
        if (!host.snapshot)
            continue;
        const Snapshot& snapshot = *host.snapshot;
        const std::string labels = host_labels(host.entry, snapshot.host());
        labelled_hosts.push_back({labels, &snapshot.host()});
        for (std::uint32_t index = 0; index < snapshot.insert_count(); ++index) {
            const ob_observed_insert& insert = snapshot.insert(index);
            inserts.push_back({insert_labels(labels, insert), &insert});
        }
    }
    const std::size_t silent_count = hosts.size() - labelled_hosts.size();
    MetricWriter writer;
    writer.begin("outboard_hosts", "gauge", "Hosts of this user that answered.");
    writer.add("", static_cast<double>(labelled_hosts.size()));
    writer.begin("outboard_hosts_silent", "gauge", "Hosts that run and did not answer.");
    writer.add("", static_cast<double>(silent_count));
    write_hosts(writer, labelled_hosts);
    write_inserts(writer, inserts);
    return std::move(writer).text();
}

}  // namespace outboard::cli
