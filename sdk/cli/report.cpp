// SPDX-License-Identifier: MIT
#include "sdk/cli/report.hpp"

#include "sdk/cli/device_report.hpp"
#include "sdk/cli/duration.hpp"

#include <outboard/common.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>

namespace outboard::cli {

namespace {

using Json = nlohmann::ordered_json;

Json us(std::optional<double> time_ns)
{
    return time_ns ? Json(*time_ns / 1000) : Json(nullptr);
}

/// A time stamp, relative to another; null when either is unknown.
Json us_after(std::uint64_t time_ns, std::uint64_t origin_ns)
{
    if (time_ns == 0 || origin_ns == 0)
        return nullptr;
    return (static_cast<double>(time_ns) - static_cast<double>(origin_ns)) / 1000;
}

Json histogram_json(const Histogram& histogram)
{
    const std::uint64_t count = total_count(histogram);
    Json json;
    json["count"] = count;
    json["p50"] = us(percentile_ns(histogram, 0.5));
    json["p90"] = us(percentile_ns(histogram, 0.9));
    json["p99"] = us(percentile_ns(histogram, 0.99));
    json["p99_9"] = count < p99_9_count_min ? Json(nullptr) : us(percentile_ns(histogram, 0.999));
    json["max"] = count == 0 ? Json(nullptr) : us(static_cast<double>(histogram.max_ns));
    json["histogram"] = Json::array();
    for (const ob_histogram_bucket& bucket : histogram.buckets) {
        json["histogram"].push_back({static_cast<double>(bucket.lower_ns) / 1000,
                                     static_cast<double>(bucket.upper_ns) / 1000, bucket.count});
    }
    return json;
}

Json file_json(const std::string& path)
{
    return path.empty() ? Json(nullptr) : Json(path);
}

Json grant_json(const ob_realtime_grant& grant)
{
    return {{"step", step_name(grant.step)},
            {"priority", grant.priority},
            {"cpu", grant.cpu < 0 ? Json(nullptr) : Json(grant.cpu)},
            {"description", grant.description}};
}

Json realtime_json(const RunResult& result)
{
    Json json{{"audio_thread", grant_json(result.audio_thread)},
              {"supervisor", grant_json(result.supervisor)},
              {"cpu_latency_held", result.cpu_latency_held},
              {"dsp_threads", Json::array()}};
    for (const InsertResult& insert : result.inserts) {
        Json dsp = grant_json(insert.status.dsp_thread);
        dsp["service"] = insert.label;
        dsp["same_cpu"] = insert.status.placement_same_cpu != 0;
        json["dsp_threads"].push_back(std::move(dsp));
    }
    return json;
}

Json late_block_json(const RunResult& result, const ChainIncident& entry)
{
    const ob_incident& late = entry.incident;
    return {{"service", result.inserts[entry.insert_index].label},
            {"cause", cause_name(late.cause)},
            {"sequence", late.sequence},
            {"frame", late.stream_frame},
            {"time_s", to_seconds(late.stream_frame, result.format.rate_hz)},
            {"posted_us", us_after(late.posted_ns, result.start_ns)},
            {"dsp_started_us", us_after(late.dsp_started_ns, late.posted_ns)},
            {"dsp_ended_us", us_after(late.dsp_ended_ns, late.posted_ns)},
            {"collected_us", us_after(late.collected_ns, late.posted_ns)},
            {"deadline_us", us_after(late.deadline_ns, late.posted_ns)}};
}

Json failover_json(const RunResult& result, const Failover& failover)
{
    const std::uint32_t rate_hz = result.format.rate_hz;
    const ob_incident& lost = failover.lost;
    const auto detection_us = detected_us(failover);
    Json json{{"service", result.inserts[failover.insert_index].label},
              {"cause", cause_name(lost.cause)},
              {"detail", lost.detail},
              {"process_id", lost.process_id},
              {"frame", lost.stream_frame},
              {"time_s", to_seconds(lost.stream_frame, rate_hz)},
              {"file_time_s", file_seconds(result, failover.insert_index, lost.stream_frame)},
              {"detected_us", detection_us ? Json(*detection_us) : Json(nullptr)},
              {"frames_lost", failover.frames_lost},
              {"wet_again_frame", nullptr},
              {"wet_again_ms", nullptr}};
    if (const auto gap = gap_frames(failover)) {
        json["wet_again_frame"] = *failover.wet_again_frame;
        json["wet_again_ms"] = to_seconds(*gap, rate_hz) * 1000;
    } else {
        json["frames_lost"] = nullptr;
    }
    return json;
}

Json crash_json(const RunResult& result, const ServiceCrash& crash)
{
    const ob_crash_report& report = crash.report;
    Json frames = Json::array();
    for (std::uint32_t index = 0; index < report.frame_count; ++index) {
        const ob_crash_frame& frame = report.frames[index];
        frames.push_back(
            {{"address", frame.address}, {"module", frame.module}, {"offset", frame.offset}});
    }
    const bool has_thread = report.thread_id != 0;
    return {{"service", result.inserts[crash.insert_index].label},
            {"cause", cause_name(report.cause)},
            {"process_id", report.process_id},
            {"signal", report.signal != 0 ? Json(report.signal) : Json(nullptr)},
            {"exit_code", report.exit_code >= 0 ? Json(report.exit_code) : Json(nullptr)},
            {"fault_address", has_thread ? Json(report.fault_address) : Json(nullptr)},
            {"thread", has_thread ? Json(report.thread_name) : Json(nullptr)},
            {"thread_id", has_thread ? Json(report.thread_id) : Json(nullptr)},
            {"processor", report.processor_name},
            {"sequence", report.has_sequence != 0 ? Json(report.sequence) : Json(nullptr)},
            {"frames", std::move(frames)},
            {"error_output", report.error_output}};
}

Json gap_json(const RunResult& result, const Gap& gap)
{
    return {{"service", result.inserts[gap.insert_index].label},
            {"first_frame", gap.first_frame},
            {"end_frame", gap.end_frame},
            {"file_time_s", file_seconds(result, gap.insert_index, gap.first_frame)}};
}

Json block_incident_json(const RunResult& result, const ChainIncident& entry)
{
    const ob_incident& incident = entry.incident;
    return {{"service", result.inserts[entry.insert_index].label},
            {"process_id", incident.process_id},
            {"sequence", incident.sequence},
            {"frame", incident.stream_frame},
            {"time_s", to_seconds(incident.stream_frame, result.format.rate_hz)}};
}

Json poison_json(const RunResult& result, const PoisonBlock& poison)
{
    Json json = block_incident_json(result, poison.entry);
    json["detail"] = poison.entry.incident.detail;
    json["file"] = poison.file.empty() ? Json(nullptr) : Json(poison.file);
    return json;
}

Json standby_loss_json(const RunResult& result, const ChainIncident& entry)
{
    Json json = block_incident_json(result, entry);
    json["cause"] = cause_name(entry.incident.cause);
    json["detail"] = entry.incident.detail;
    return json;
}

Json standby_json(const ob_insert_status& status)
{
    return {{"wanted", status.standbys_wanted},
            {"in_step", status.standby_count},
            {"placement", standby_placement_name(status.standby_placement)},
            {"placement_reason", status.standby_placement_reason},
            {"guarantee", guarantee_name(status.guarantee)},
            {"guarantee_reason", status.guarantee_reason}};
}

Json fault_json(const RunResult& result, const FaultOutcome& outcome)
{
    const PlannedFault& fault = outcome.fault;
    return {{"kind", fault_name(fault.kind)},
            {"argument", fault.kind == OB_FAULT_LATE ? Json(fault.argument) : Json(nullptr)},
            {"service", result.inserts[fault.insert_index].label},
            {"planned_frame", fault.frame},
            {"struck", outcome.has_struck},
            {"delayed", outcome.was_delayed},
            {"struck_frame", outcome.has_struck ? Json(outcome.struck_frame) : Json(nullptr)},
            {"refusal", outcome.refusal.empty() ? Json(nullptr) : Json(outcome.refusal)}};
}

const char* state_name(ob_insert_state state) noexcept
{
    switch (state) {
        case OB_INSERT_WET: return "wet";
        case OB_INSERT_FALLBACK: return "fallback";
        case OB_INSERT_BROKEN: return "broken";
    }
    return "broken";
}

Json insert_json(const InsertResult& insert)
{
    const ob_insert_status& status = insert.status;
    const ob_insert_statistics& figures = insert.statistics;
    return {{"service", insert.label},
            {"processor", status.processor_name},
            {"state", state_name(status.state)},
            {"message", status.message},
            {"generation", status.generation},
            {"process_id",
             status.service_process_id < 0 ? Json(nullptr) : Json(status.service_process_id)},
            {"sandboxed", status.is_sandboxed != 0},
            {"found_by_name", status.found_by_name != 0},
            {"latency_frames", status.latency_frames},
            {"processor_latency_frames", status.processor_latency_frames},
            {"tail_frames",
             status.tail_frames == OB_TAIL_INFINITE ? Json(nullptr) : Json(status.tail_frames)},
            {"blocks", figures.blocks},
            {"frames_lost", figures.frames_lost},
            {"concealed_blocks", figures.concealed_blocks},
            {"deadline_misses", figures.deadline_misses},
            {"late_replies", figures.late_replies},
            {"not_posted", figures.not_posted},
            {"non_finite_blocks", figures.non_finite_blocks},
            {"corrupt_replies", figures.corrupt_replies},
            {"failovers", figures.failovers},
            {"diverged_blocks", figures.diverged_blocks},
            {"standby", standby_json(status)},
            {"incidents_dropped", figures.incidents_dropped},
            {"round_trip_us", histogram_json(insert.round_trip)},
            {"process_us", histogram_json(insert.process)},
            {"own_us", histogram_json(insert.own)},
            {"dsp_us", histogram_json(insert.dsp)}};
}

const char* end_name(StreamEnd end) noexcept
{
    switch (end) {
        case StreamEnd::complete: return "complete";
        case StreamEnd::interrupted: return "interrupted";
        case StreamEnd::disk: return "output failed";
        case StreamEnd::gave_up: return "gave up";
        case StreamEnd::failed: return "failed";
    }
    return "failed";
}

Json stream_json(const RunResult& result)
{
    const RunOptions& options = result.options;
    return {{"rate_hz", result.format.rate_hz},
            {"channels", result.format.channel_count},
            {"block_frames", options.block_frames},
            {"mode", options.mode == OB_MODE_SYNC ? "sync" : "pipelined"},
            {"pace", options.pace == OB_PACE_REALTIME ? "realtime" : "free"},
            {"latency_frames", result.latency_frames},
            {"aligned", options.aligned},
            {"skipped_frames", result.skip_frames},
            {"output_frames", result.output_frames},
            {"elapsed_s", static_cast<double>(result.elapsed_ns) / 1e9},
            {"end", end_name(result.end)},
            {"device_xruns", result.device.xruns},
            {"device_lost_frames", result.device.lost_frames},
            {"disk_lost_frames", result.disk_lost_frames}};
}

void add_figures(const RunResult& result, Json& json)
{
    json["blocks"] = result.blocks;
    json["frames"] = result.frames;
    json["frames_lost"] = sum_of(result, &ob_insert_statistics::frames_lost);
    json["concealed_blocks"] = sum_of(result, &ob_insert_statistics::concealed_blocks);
    json["deadline_misses"] = sum_of(result, &ob_insert_statistics::deadline_misses);
    json["round_trip_us"] = histogram_json(merge_of(result, &InsertResult::round_trip));
    json["process_us"] = histogram_json(merge_of(result, &InsertResult::process));
    json["own_us"] = histogram_json(merge_of(result, &InsertResult::own));
    json["dsp_us"] = histogram_json(merge_of(result, &InsertResult::dsp));
}

template <typename Entries, typename ToJson>
Json array_of(const RunResult& result, const Entries& entries, ToJson&& to_json)
{
    Json array = Json::array();
    for (const auto& entry : entries)
        array.push_back(to_json(result, entry));
    return array;
}

void add_incidents(const RunResult& result, Json& json)
{
    json["late_blocks"] = array_of(result, result.late_blocks, late_block_json);
    json["gaps"] = array_of(result, result.gaps, gap_json);
    json["failovers"] = array_of(result, result.failovers, failover_json);
    json["standby_losses"] = array_of(result, result.standby_losses, standby_loss_json);
    json["divergences"] = array_of(result, result.divergences, block_incident_json);
    json["poison_blocks"] = array_of(result, result.poison_blocks, poison_json);
    json["resets"] = array_of(result, result.resets, block_incident_json);
    json["crashes"] = array_of(result, result.crashes, crash_json);
    json["faults"] = array_of(result, result.faults, fault_json);
    json["faults_delayed"] =
        std::count_if(result.faults.begin(), result.faults.end(),
                      [](const FaultOutcome& outcome) { return outcome.was_delayed; });
}

}  // namespace

std::string report_text(const RunResult& result)
{
    Json json;
    json["schema"] = report_schema;
    json["version"] = report_version;
    json["outboard_version"] = ob_version_string();
    json["started_at"] = result.started_at;
    json["command_line"] = result.options.command_line;
    json["machine"] = {{"cpu_model", result.machine.cpu_model},
                       {"cpus", result.machine.cpu_count},
                       {"kernel", result.machine.kernel},
                       {"virtual_machine", result.machine.is_virtual}};
    json["inputs"] = result.options.inputs;
    json["output"] = file_json(result.options.output);
    json["dry_output"] = file_json(result.options.dry_output);
    json["stream"] = stream_json(result);
    json["device"] = device_account_json(result);
    json["realtime"] = realtime_json(result);
    add_figures(result, json);
    add_incidents(result, json);
    json["inserts"] = Json::array();
    for (const InsertResult& insert : result.inserts)
        json["inserts"].push_back(insert_json(insert));
    // File names need not be UTF-8.
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace outboard::cli
