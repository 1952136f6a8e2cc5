// SPDX-License-Identifier: MIT

#include "bench/tool/output.hpp"

#include "bench/distance_probe.hpp"
#include "bench/tool/failure.hpp"
#include "bench/tool/page.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <set>

namespace outboard::bench {

namespace {

void write_text(const std::string& path, const std::string& text)
{
    if (path.empty())
        return;
    std::ofstream file{path, std::ios::binary};
    file << text;
    file.close();
    if (!file)
        throw Failure{Exit::output, path + ": cannot be written; is the disk full?"};
}

void check_output(const std::string& path)
{
    if (path.empty())
        return;
    const bool exists = ::access(path.c_str(), F_OK) == 0;
    if (!std::ofstream{path, std::ios::app}) {
        throw Failure{Exit::output,
                      path + ": cannot be written; does its folder exist, and is it yours?"};
    }
    if (!exists)
        static_cast<void>(std::remove(path.c_str()));
}

[[nodiscard]] std::string shown(const Measurement& measurement, double value)
{
    if (measurement.unit == "ns")
        return fmt::format("{:.2f}", value / 1'000);
    return fmt::format("{:.1f}", value);
}

[[nodiscard]] std::string shown_quantile(const Measurement& measurement, const Quantile& quantile)
{
    const auto value = told(measurement.distribution, quantile);
    return value ? shown(measurement, *value) : "-";
}

/// A field of a CSV file, as RFC 4180 has it.
[[nodiscard]] std::string quoted(const std::string& text)
{
    if (text.find_first_of(",\"\n\r") == std::string::npos)
        return text;
    std::string field = "\"";
    for (const char letter : text)
        field += letter == '"' ? std::string{"\"\""} : std::string{letter};
    return field + '"';
}

/// Plain text of a parameter: strings without their quotes.
[[nodiscard]] std::string plain(const Json& value)
{
    return value.is_string() ? value.get<std::string>() : value.dump();
}

}  // namespace

void check_outputs(const Outputs& outputs)
{
    const std::string* const paths[] = {&outputs.json_path, &outputs.csv_path, &outputs.html_path};
    std::set<std::string> seen;
    for (const std::string* const path : paths) {
        check_output(*path);
        if (!path->empty() && !seen.insert(*path).second)
            throw Failure{Exit::usage, *path + ": two outputs cannot be one file"};
    }
}

void write_outputs(const Outputs& outputs, const Result& result)
{
    const Json document = to_json(result);
    write_text(outputs.json_path,
               document.dump(1, ' ', false, Json::error_handler_t::replace) + '\n');
    write_text(outputs.csv_path, as_csv(result));
    if (!outputs.html_path.empty())
        write_page(outputs.html_path, document);
}

void write_page(const std::string& path, const Json& document)
{
    write_text(path, page_of(document));
}

std::string table_head()
{
    return fmt::format("{:<50} {:>8} {:>9} {:>9} {:>9} {:>9} {:>10}  {:<8} {:>8} {:>5}\n",
                       "measurement, us", "samples", "p50", "p90", "p99", "p99.9", "max", "CPUs",
                       "steal ms", "idle");
}

std::string table_rows(const Result& result, std::size_t first)
{
    std::string rows;
    for (std::size_t index = first; index < result.measurements.size(); ++index) {
        const Measurement& row = result.measurements[index];
        const std::string unit = row.unit == "ns" ? "" : " (" + row.unit + ')';
        fmt::format_to(std::back_inserter(rows), "{:<50} {:>8}", row.name + unit,
                       row.distribution.count);
        for (const Quantile& quantile : told_quantiles)
            fmt::format_to(std::back_inserter(rows), " {:>9}", shown_quantile(row, quantile));
        fmt::format_to(std::back_inserter(rows), " {:>10}  {:<8} {:>8.0f} {:>5}\n",
                       shown(row, static_cast<double>(row.distribution.max)),
                       row.distance_after_ns == 0 ? "-" : distance_name(row.distance_after_ns),
                       row.steal_ms,
                       row.idle_share ? fmt::format("{:.0f}%", 100 * *row.idle_share) : "-");
    }
    return rows;
}

std::string ratio_table(const Result& result)
{
    if (result.ratios.empty())
        return "";
    std::string rows = fmt::format("\n{:<50} {:>4} {:>6} {:>7} {:>15} {:>6}\n",
                                   "ratio to the bare pair, chunk by chunk", "", "pairs", "median",
                                   "quartiles", "A/A");
    for (const RatioFigure& figure : result.ratios) {
        fmt::format_to(
            std::back_inserter(rows), "{:<50} {:>4} {:>6} {:>7.2f} {:>15} {:>6.2f}\n", figure.name,
            figure.quantile, figure.pair_count, figure.ratio.median,
            fmt::format("{:.2f}-{:.2f}", figure.ratio.lower_quartile, figure.ratio.upper_quartile),
            figure.ratio.same_median);
    }
    return rows;
}

std::string as_csv(const Result& result)
{
    std::set<std::string> keys;
    for (const Measurement& row : result.measurements) {
        for (const auto& [key, value] : row.parameters.items())
            keys.insert(key);
    }
    std::string csv = "name";
    for (const std::string& key : keys)
        csv += ',' + quoted(key);
    csv +=
        ",unit,samples,min,p50,p90,p99,p99_9,max,warm_up_left_out,steal_ms,distance_before_ns,"
        "distance_after_ns,waiter_idle_share\n";
    for (const Measurement& row : result.measurements) {
        csv += quoted(row.name);
        for (const std::string& key : keys)
            csv += ',' + (row.parameters.contains(key) ? quoted(plain(row.parameters[key])) : "");
        const auto out = std::back_inserter(csv);
        fmt::format_to(out, ",{},{},{}", quoted(row.unit), row.distribution.count,
                       row.distribution.min);
        for (const Quantile& quantile : told_quantiles) {
            const auto value = told(row.distribution, quantile);
            csv += ',' + (value ? fmt::format("{:.1f}", *value) : std::string{});
        }
        fmt::format_to(out, ",{},{},{:.1f},{},{},{}\n", row.distribution.max, row.warm_up_count,
                       row.steal_ms, row.distance_before_ns, row.distance_after_ns,
                       row.idle_share ? fmt::format("{:.3f}", *row.idle_share) : std::string{});
    }
    return csv;
}

}  // namespace outboard::bench
