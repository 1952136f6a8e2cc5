// SPDX-License-Identifier: MIT
#include "sdk/cli/status_json.hpp"

#include "sdk/cli/run_result.hpp"

#include <fmt/chrono.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <ctime>

namespace outboard::cli {

namespace {

using Json = nlohmann::ordered_json;

constexpr double ns_a_second = 1e9;

std::string time_text(std::time_t time)
{
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(time));
}

std::string now_text()
{
    return time_text(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()));
}

Json us(std::uint64_t time_ns)
{
    return static_cast<double>(time_ns) / 1000;
}

Json text_or_null(const char* text)
{
    return *text != '\0' ? Json(text) : Json(nullptr);
}

Json id_or_null(std::int32_t id)
{
    return id >= 0 ? Json(id) : Json(nullptr);
}

Json grant_json(const ob_realtime_grant& grant)
{
    return {{"step", step_name(grant.step)},
            {"priority", grant.priority},
            {"cpu", id_or_null(grant.cpu)},
            {"description", grant.description}};
}

Json summary_json(const ob_observed_insert& insert, ob_histogram_kind kind)
{
    const ob_histogram_summary& summary = histogram_of(insert, kind);
    Json json{{"count", summary.count}};
    const auto add = [&](const char* name, std::uint64_t time_ns) {
        json[name] = summary.count == 0 ? Json(nullptr) : us(time_ns);
    };
    add("min", summary.min_ns);
    add("p50", summary.p50_ns);
    add("p90", summary.p90_ns);
    add("p99", summary.p99_ns);
    add("p99_9", summary.p99_9_ns);
    add("max", summary.max_ns);
    return json;
}

Json statistics_json(const ob_insert_statistics& statistics)
{
    return {{"blocks", statistics.blocks},
            {"frames", statistics.frames},
            {"frames_lost", statistics.frames_lost},
            {"concealed_blocks", statistics.concealed_blocks},
            {"deadline_misses", statistics.deadline_misses},
            {"late_replies", statistics.late_replies},
            {"not_posted", statistics.not_posted},
            {"non_finite_blocks", statistics.non_finite_blocks},
            {"corrupt_replies", statistics.corrupt_replies},
            {"failovers", statistics.failovers},
            {"events_dropped", statistics.events_dropped},
            {"incidents_dropped", statistics.incidents_dropped},
            {"diverged_blocks", statistics.diverged_blocks},
            {"poison_blocks", statistics.poison_blocks},
            {"resets", statistics.resets}};
}

Json forecast_json(const ob_insert_forecast& forecast)
{
    const bool is_bounded = forecast.blocks_lost_max != UINT32_MAX;
    return {{"guarantee", guarantee_name(forecast.guarantee)},
            {"blocks_lost", forecast.blocks_lost},
            {"blocks_lost_max", is_bounded ? Json(forecast.blocks_lost_max) : Json(nullptr)},
            {"identical", forecast.is_identical != 0},
            {"answer_us", forecast.answer_ns != 0 ? us(forecast.answer_ns) : Json(nullptr)},
            {"reason", text_or_null(forecast.reason)}};
}

void add_status(Json& json, const ob_insert_status& status)
{
    json["service"] = status.service_name;
    json["processor"] = status.processor_name;
    json["state"] = state_name(status.state);
    json["message"] = text_or_null(status.message);
    json["service_process_id"] = id_or_null(status.service_process_id);
    json["generation"] = status.generation;
    json["found_by_name"] = status.found_by_name != 0;
    json["sandboxed"] = status.is_sandboxed != 0;
    json["latency_frames"] = status.latency_frames;
    json["processor_latency_frames"] = status.processor_latency_frames;
    json["tail_frames"] = status.tail_frames;
    json["standbys"] = {{"wanted", status.standbys_wanted},
                        {"in_step", status.standby_count},
                        {"placement", standby_placement_name(status.standby_placement)},
                        {"placement_reason", text_or_null(status.standby_placement_reason)}};
    json["guarantee"] = guarantee_name(status.guarantee);
    json["guarantee_reason"] = text_or_null(status.guarantee_reason);
    json["dsp_thread"] = grant_json(status.dsp_thread);
    json["dsp_on_callers_cpu"] = status.placement_same_cpu != 0;
}

Json insert_json(const ob_observed_insert& insert)
{
    Json json{{"number", insert.number}};
    add_status(json, insert.status);
    const auto load = dsp_load(insert);
    json["caller"] = {{"index", insert.caller_index},
                      {"priority", insert.caller_priority},
                      {"cpu", id_or_null(insert.caller_cpu)}};
    json["mode"] = insert.mode == OB_MODE_PIPELINED ? "pipelined" : "sync";
    json["pace"] = insert.pace == OB_PACE_FREE ? "free" : "realtime";
    json["rate_hz"] = insert.sample_rate_hz;
    json["max_block_frames"] = insert.max_frame_count;
    json["input_channels"] = insert.input_channel_count;
    json["output_channels"] = insert.output_channel_count;
    json["period_us"] = us(insert.period_ns);
    json["dsp_load"] = load ? Json(*load) : Json(nullptr);
    json["forecast"] = forecast_json(insert.forecast);
    json["statistics"] = statistics_json(insert.statistics);
    json["round_trip_us"] = summary_json(insert, OB_HISTOGRAM_ROUND_TRIP);
    json["process_us"] = summary_json(insert, OB_HISTOGRAM_PROCESS);
    json["own_us"] = summary_json(insert, OB_HISTOGRAM_OWN);
    json["dsp_us"] = summary_json(insert, OB_HISTOGRAM_DSP);
    return json;
}

Json state_json(const Snapshot& snapshot)
{
    const ob_observed_host& host = snapshot.host();
    const auto started = static_cast<std::time_t>(host.started_unix_ns / 1'000'000'000);
    Json json{{"name", host.name},
              {"outboard_version", host.library_version},
              {"started_at", time_text(started)},
              {"running_s", static_cast<double>(host.running_ns) / ns_a_second},
              {"cpu_latency_held", host.cpu_latency_held != 0},
              {"supervisor", grant_json(host.supervisor)},
              {"inserts", Json::array()}};
    for (std::uint32_t index = 0; index < snapshot.insert_count(); ++index)
        json["inserts"].push_back(insert_json(snapshot.insert(index)));
    return json;
}

}  // namespace

std::string status_json(std::span<const ObservedHost> hosts)
{
    Json json{{"schema", status_schema},
              {"version", status_version},
              {"outboard_version", ob_version_string()},
              {"taken_at", now_text()},
              {"hosts", Json::array()}};
    for (const ObservedHost& host : hosts) {
        json["hosts"].push_back(
            {{"process_id", host.entry.process_id},
             {"number", host.entry.number},
             {"socket", host.entry.socket_path},
             {"problem", host.snapshot ? Json(nullptr) : Json(host.problem)},
             {"state", host.snapshot ? state_json(*host.snapshot) : Json(nullptr)}});
    }
    // What others call themselves need not be UTF-8.
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace outboard::cli
