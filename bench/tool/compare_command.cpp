// SPDX-License-Identifier: MIT
//
// outboard bench compare and outboard bench report: what is done with results.

#include "bench/tool/command_line.hpp"
#include "bench/tool/commands.hpp"
#include "bench/tool/comparison.hpp"
#include "bench/tool/output.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cstdio>
#include <string_view>
#include <utility>

namespace outboard::bench {

namespace {

constexpr const char* compare_footer = R"(
The ratio is that of AFTER to BEFORE, turned so that above 1 is worse. Its 95 % interval is a
bootstrap of both histograms. A metric is worse when all of the interval lies above the limit.
The interval knows nothing of a machine that was another one in the second run: compare results of
the same machine, and look at the CPUs' distance and the steal time in both.

Exit codes: 0 nothing got worse; 1 a metric did; 2 the command line is wrong; 3 a file is missing,
damaged, or has nothing in common with the other.
)";

/// "10%", "10 %" or "0.1".
[[nodiscard]] double parse_limit(std::string text)
{
    const bool is_percent = !text.empty() && text.back() == '%';
    if (is_percent)
        text.pop_back();
    while (!text.empty() && text.back() == ' ')
        text.pop_back();
    double value = -1.0;
    try {
        std::size_t used = 0;
        value = std::stod(text, &used);
        if (used != text.size())
            value = -1.0;
    } catch (const std::exception&) {
        value = -1.0;
    }
    if (is_percent)
        value /= 100;
    if (!(value >= 0.0 && value <= 100.0)) {
        throw Failure{Exit::usage, "--fail-above: '" + text + (is_percent ? "%" : "") +
                                       "' is no limit; write 10% or 0.1"};
    }
    return value;
}

void print_comparison(const Comparison& comparison)
{
    fmt::print("{:<50} {:>6} {:>7} {:>17}\n", "metric", "", "ratio", "95 % interval");
    for (const ComparedMetric& metric : comparison.metrics) {
        fmt::print("{:<50} {:>6} {:>7.3f} {:>17}{}\n", metric.name, metric.quantile,
                   metric.worsening.ratio,
                   fmt::format("{:.3f}-{:.3f}", metric.worsening.lower, metric.worsening.upper),
                   metric.is_worse ? "  WORSE" : "");
    }
    for (const std::string& name : comparison.only_before)
        fmt::print("{:<50} is not in the second result\n", name);
    for (const std::string& name : comparison.only_after)
        fmt::print("{:<50} is not in the first result\n", name);
}

}  // namespace

Exit compare_command(std::vector<std::string> arguments)
{
    CLI::App app{"Compares two results, metric by metric.", "outboard bench compare"};
    std::string before;
    std::string after;
    std::string limit_text = "10%";
    app.add_option("BEFORE", before, "A result of --json")->required()->type_name("FILE");
    app.add_option("AFTER", after, "A result of --json")->required()->type_name("FILE");
    app.add_option("--fail-above", limit_text, "How much worse a metric may get (default 10%)")
        ->type_name("LIMIT");
    app.footer(compare_footer);
    if (!parse_arguments(app, std::move(arguments)))
        return Exit::ok;
    const double limit = parse_limit(limit_text);
    const Comparison comparison = compare(read_result(before), read_result(after), limit);
    print_comparison(comparison);
    const auto worse = std::count_if(comparison.metrics.begin(), comparison.metrics.end(),
                                     [](const ComparedMetric& metric) { return metric.is_worse; });
    fmt::print("\n{} of {} metrics got worse by more than {:.4g} %\n", worse,
               comparison.metrics.size(), 100 * limit);
    return worse == 0 ? Exit::ok : Exit::bad;
}

Exit report_command(std::vector<std::string> arguments)
{
    CLI::App app{"Makes the page of a result that was written before.", "outboard bench report"};
    std::string result;
    std::string page;
    app.add_option("RESULT", result, "A result of --json")->required()->type_name("FILE");
    app.add_option("--html", page, "Where to write the report")->required()->type_name("FILE");
    if (!parse_arguments(app, std::move(arguments)))
        return Exit::ok;
    static_cast<void>(read_result(result));  // a damaged one makes no page
    const Json document = read_document(result);
    check_outputs({.json_path = {}, .csv_path = {}, .html_path = page});
    write_page(page, document);
    return Exit::ok;
}

}  // namespace outboard::bench
