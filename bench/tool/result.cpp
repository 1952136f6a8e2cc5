// SPDX-License-Identifier: MIT

#include "bench/tool/result.hpp"

#include "bench/distance_probe.hpp"
#include "bench/tool/failure.hpp"

#include <algorithm>
#include <fstream>
#include <numeric>
#include <set>

namespace outboard::bench {

namespace {

constexpr const char* schema_name = "outboard-bench-result";
constexpr int schema_version = 1;
constexpr std::size_t worst_count = 20;
constexpr std::size_t slice_count = 300;

[[nodiscard]] Json to_json(const Measurement& measurement)
{
    const Distribution& values = measurement.distribution;
    Json buckets = Json::array();
    for (const Bucket& bucket : values.buckets)
        buckets.push_back({bucket.lower, bucket.upper, bucket.count});
    Json json{{"name", measurement.name},
              {"cell", measurement.cell},
              {"parameters", measurement.parameters},
              {"unit", measurement.unit},
              {"better", measurement.lower_is_better ? "lower" : "higher"},
              {"samples", values.count},
              {"warm_up_left_out", measurement.warm_up_count},
              {"min", values.min}};
    for (const Quantile& quantile : told_quantiles) {
        if (const auto value = told(values, quantile))
            json[std::string{quantile.name}] = *value;
    }
    json["max"] = values.max;
    json["steal_ms"] = measurement.steal_ms;
    json["cpu_distance"] = {{"before_ns", measurement.distance_before_ns},
                            {"after_ns", measurement.distance_after_ns},
                            {"name", distance_name(measurement.distance_after_ns)}};
    if (measurement.idle_share)
        json["waiter_idle_share"] = *measurement.idle_share;
    json["worst"] = Json::array();
    for (const Event& event : measurement.worst)
        json["worst"].push_back({event.at_s, event.value});
    json["series"] = Json::array();
    for (const Slice& slice : measurement.series)
        json["series"].push_back({slice.at_s, slice.p50, slice.max});
    json["histogram"] = buckets;
    return json;
}

[[nodiscard]] Json to_json(const RatioFigure& figure)
{
    return {{"name", figure.name},
            {"to", figure.to},
            {"quantile", figure.quantile},
            {"pairs", figure.pair_count},
            {"median", figure.ratio.median},
            {"quartiles", {figure.ratio.lower_quartile, figure.ratio.upper_quartile}},
            {"same", figure.ratio.same_median}};
}

[[nodiscard]] Json to_json(const Strike& strike)
{
    Json json{{"cell", strike.cell},
              {"at_s", strike.at_s},
              {"frames_lost", strike.frames_lost},
              {"click_dbfs", strike.click_dbfs}};
    if (strike.detected_ns)
        json["detected_ns"] = *strike.detected_ns;
    if (!strike.clip.empty())
        json["clip"] = strike.clip;
    return json;
}

[[nodiscard]] Json to_json(const Limit& limit)
{
    Json json{
        {"cell", limit.cell}, {"lanes_held", limit.lanes_held}, {"load_held", limit.load_held}};
    if (limit.lanes_missed)
        json["lanes_missed"] = *limit.lanes_missed;
    return json;
}

template <typename Items>
[[nodiscard]] Json array_of(const Items& items)
{
    Json array = Json::array();
    for (const auto& item : items)
        array.push_back(to_json(item));
    return array;
}

/// Throws what nlohmann throws where a key is missing or of another type.
[[nodiscard]] Measurement measurement_from(const Json& json)
{
    Measurement measurement;
    measurement.name = json.at("name").get<std::string>();
    measurement.unit = json.at("unit").get<std::string>();
    measurement.lower_is_better = json.at("better").get<std::string>() == "lower";
    Distribution& values = measurement.distribution;
    values.min = json.at("min").get<std::uint64_t>();
    values.max = json.at("max").get<std::uint64_t>();
    std::uint64_t end = 0;
    for (const Json& bucket : json.at("histogram")) {
        values.buckets.push_back({bucket.at(0).get<std::uint64_t>(),
                                  bucket.at(1).get<std::uint64_t>(),
                                  bucket.at(2).get<std::uint64_t>()});
        const Bucket& last = values.buckets.back();
        if (last.lower < end || last.upper <= last.lower || last.count == 0)
            throw std::runtime_error{"the histogram of '" + measurement.name + "' is out of order"};
        end = last.upper;
        values.count += last.count;
    }
    if (values.count == 0 || values.count != json.at("samples").get<std::uint64_t>()) {
        throw std::runtime_error{"the histogram of '" + measurement.name +
                                 "' does not hold its samples"};
    }
    return measurement;
}

}  // namespace

Json to_json(const Result& result)
{
    return {{"schema", schema_name},
            {"version", schema_version},
            {"outboard_version", OB_VERSION},
            {"benchmark", result.benchmark},
            {"started_at", result.started_at},
            {"command", result.command},
            {"quick", result.is_quick},
            {"complete", result.is_complete},
            {"errors", result.errors},
            {"labels", result.labels},
            {"machine", result.machine},
            {"measurements", array_of(result.measurements)},
            {"ratios", array_of(result.ratios)},
            {"strikes", array_of(result.strikes)},
            {"limits", array_of(result.limits)}};
}

Json read_document(const std::string& path)
{
    std::ifstream file{path};
    if (!file)
        throw Failure{Exit::input, path + ": cannot be read"};
    Json document = Json::parse(file, nullptr, false);
    if (document.is_discarded() || !document.is_object() ||
        document.value("schema", Json{}) != schema_name) {
        throw Failure{Exit::input, path + ": is no result of `outboard bench --json`"};
    }
    if (document.value("version", Json{}) != schema_version) {
        throw Failure{Exit::input, path + ": is a result of version " +
                                       document.value("version", Json{}).dump() +
                                       "; this program knows version 1"};
    }
    return document;
}

ComparedResult read_result(const std::string& path)
{
    const Json document = read_document(path);
    ComparedResult result;
    try {
        result.benchmark = document.at("benchmark").get<std::string>();
        std::set<std::string> names;
        for (const Json& json : document.at("measurements")) {
            result.measurements.push_back(measurement_from(json));
            if (!names.insert(result.measurements.back().name).second) {
                throw std::runtime_error{"two measurements are called '" +
                                         result.measurements.back().name + "'"};
            }
        }
    } catch (const std::exception& error) {
        throw Failure{Exit::input, path + ": is damaged: " + error.what()};
    }
    return result;
}

void describe_values(Measurement& measurement, const std::vector<std::uint64_t>& values,
                     const std::vector<double>& times_s)
{
    measurement.distribution = distribution_of(values);
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const std::size_t kept = std::min(worst_count, order.size());
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(kept), order.end(),
                      [&](std::size_t a, std::size_t b) { return values[a] > values[b]; });
    for (std::size_t index = 0; index < kept; ++index)
        measurement.worst.push_back({times_s[order[index]], values[order[index]]});
    const std::size_t slices = std::min(slice_count, values.size());
    for (std::size_t slice = 0; slice < slices; ++slice) {
        const std::size_t begin = slice * values.size() / slices;
        const std::size_t end = (slice + 1) * values.size() / slices;
        const Samples part{values.begin() + static_cast<std::ptrdiff_t>(begin),
                           values.begin() + static_cast<std::ptrdiff_t>(end)};
        measurement.series.push_back(
            {times_s[begin], quantile_of(part, 0.5), quantile_of(part, 1.0)});
    }
}

}  // namespace outboard::bench
