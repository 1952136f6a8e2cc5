// SPDX-License-Identifier: MIT

#include "bench/doctor/report.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

namespace outboard::doctor {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* schema_name = "outboard-doctor-report";
constexpr int schema_version = 1;

[[nodiscard]] double in_us(std::uint64_t ns) noexcept
{
    return static_cast<double>(ns) / 1000;
}

[[nodiscard]] Json finding_json(const Finding& finding)
{
    return {{"id", finding.id},
            {"title", finding.title},
            {"verdict", name_of(finding.verdict)},
            {"found", finding.found},
            {"remedy", finding.remedy.empty() ? Json(nullptr) : Json(finding.remedy)},
            {"commands", finding.commands}};
}

[[nodiscard]] Json wake_up_json(const Probes& probes)
{
    const WakeUps& late = probes.wake_ups;
    return {{"samples", late.count},
            {"scheduling", rt::describe(probes.grant)},
            {"real_time", probes.grant.policy != rt::os::Policy::other},
            {"p50_us", in_us(late.p50_ns)},
            {"p99_us", in_us(late.p99_ns)},
            {"p99_9_us", late.p99_9_ns ? Json(in_us(*late.p99_9_ns)) : Json(nullptr)},
            {"max_us", in_us(late.max_ns)}};
}

[[nodiscard]] auto count_of(const std::vector<Finding>& findings, Verdict verdict)
{
    return std::count_if(findings.begin(), findings.end(),
                         [verdict](const Finding& finding) { return finding.verdict == verdict; });
}

/// A text that stays one comment of a shell, whatever a file of the system had in it.
[[nodiscard]] std::string in_one_line(std::string text)
{
    std::replace_if(
        text.begin(), text.end(), [](char letter) { return letter == '\n' || letter == '\r'; },
        ' ');
    return text;
}

}  // namespace

std::string as_table(const std::vector<Finding>& findings)
{
    std::size_t title_width = 0;
    for (const Finding& finding : findings)
        title_width = std::max(title_width, finding.title.size());

    std::string table;
    for (const Finding& finding : findings) {
        fmt::format_to(std::back_inserter(table), "{:<8} {:<{}}  {}\n", name_of(finding.verdict),
                       finding.title, title_width, finding.found);
        if (!finding.remedy.empty()) {
            fmt::format_to(std::back_inserter(table), "{:<8} {:<{}}  -> {}\n", "", "", title_width,
                           finding.remedy);
        }
        for (const std::string& command : finding.commands) {
            fmt::format_to(std::back_inserter(table), "{:<8} {:<{}}     {}\n", "", "", title_width,
                           command);
        }
    }
    fmt::format_to(std::back_inserter(table), "\n{} ok, {} warnings, {} problems, {} unknown\n",
                   count_of(findings, Verdict::ok), count_of(findings, Verdict::warning),
                   count_of(findings, Verdict::problem), count_of(findings, Verdict::unknown));
    return table;
}

std::string as_json(const std::vector<Finding>& findings, const Probes& probes,
                    const std::string& started_at)
{
    const Verdict worst = worst_of(findings);
    Json checks = Json::array();
    for (const Finding& finding : findings)
        checks.push_back(finding_json(finding));
    const Json document{{"schema", schema_name},           {"version", schema_version},
                        {"outboard_version", OB_VERSION},  {"started_at", started_at},
                        {"verdict", name_of(worst)},       {"exit_code", exit_code_of(worst)},
                        {"wake_up", wake_up_json(probes)}, {"checks", checks}};
    return document.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::string as_commands(const std::vector<Finding>& findings)
{
    std::string script =
        "#!/bin/sh\n# Printed by outboard-doctor, which has run none of it. Read "
        "it first.\n";
    std::set<std::string> printed;
    std::string afterwards;  // comments: what is to be done once all commands have run
    for (const Finding& finding : findings) {
        if (finding.verdict == Verdict::ok)
            continue;
        fmt::format_to(std::back_inserter(script), "\n# {} ({}): {}\n# {}\n", finding.title,
                       name_of(finding.verdict), in_one_line(finding.found),
                       in_one_line(finding.remedy));
        for (const std::string& command : finding.commands) {
            if (printed.insert(command).second)
                (command.starts_with('#') ? afterwards : script) += command + '\n';
        }
    }
    if (worst_of(findings) == Verdict::ok)
        script += "\n# There is nothing to do.\n";
    if (!afterwards.empty())
        script += '\n' + afterwards;
    return script;
}

}  // namespace outboard::doctor
