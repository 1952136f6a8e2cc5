// SPDX-License-Identifier: MIT
#include "sdk/cli/fault_spec.hpp"

#include "sdk/cli/duration.hpp"
#include "sdk/cli/failure.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace outboard::cli {

namespace {

constexpr std::array<std::pair<std::string_view, ob_fault>, 7> fault_names{{
    {"kill", OB_FAULT_KILL},
    {"stop", OB_FAULT_STOP},
    {"segv", OB_FAULT_SEGV},
    {"exit", OB_FAULT_EXIT},
    {"spin", OB_FAULT_SPIN},
    {"late", OB_FAULT_LATE},
    {"nan", OB_FAULT_NAN},
}};

constexpr std::uint32_t late_ms_max = 10'000;
constexpr std::uint64_t every_ns_min = 1'000'000;

Failure fault_failure(std::string_view text, const std::string& what)
{
    return usage_failure(fmt::format("--fault {}: {}", text, what));
}

ob_fault parse_kind(std::string_view text, std::string_view name)
{
    for (const auto& [known, kind] : fault_names) {
        if (known == name)
            return kind;
    }
    throw fault_failure(text, fmt::format("'{}' is no kind of fault; there are kill, stop, segv, "
                                          "exit, spin, late=MS and nan.",
                                          name));
}

std::uint32_t parse_argument(std::string_view text, ob_fault kind, std::string_view argument)
{
    if (kind != OB_FAULT_LATE) {
        if (!argument.empty())
            throw fault_failure(text, fmt::format("{} takes no argument.", fault_name(kind)));
        return 0;
    }
    const auto late_ms = parse_count(argument);
    if (!late_ms || *late_ms == 0 || *late_ms > late_ms_max) {
        throw fault_failure(text,
                            fmt::format("write late=MS with 1 .. {} milliseconds.", late_ms_max));
    }
    return *late_ms;
}

void parse_when(FaultSpec& spec, std::string_view when)
{
    constexpr std::string_view every = "every=";
    const bool repeats = when.starts_with(every);
    const auto time_ns = parse_duration_ns(repeats ? when.substr(every.size()) : when);
    if (!time_ns) {
        throw fault_failure(
            spec.text, fmt::format("'{}' is no time; write 0.5s, 500ms or every=200ms.", when));
    }
    if (repeats && *time_ns < every_ns_min)
        throw fault_failure(spec.text, "it cannot strike more often than every 1ms.");
    spec.at_ns = *time_ns;
    spec.every_ns = repeats ? *time_ns : 0;
}

}  // namespace

FaultSpec parse_fault(std::string_view text)
{
    FaultSpec spec;
    spec.text = std::string{text};
    const auto at = text.rfind('@');
    if (at == std::string_view::npos)
        throw fault_failure(text, "write KIND@WHEN, for instance kill@0.5s.");

    std::string_view what = text.substr(0, at);
    if (const auto colon = what.rfind(':'); colon != std::string_view::npos) {
        spec.service = std::string{what.substr(0, colon)};
        what.remove_prefix(colon + 1);
    }
    const auto equals = what.find('=');
    const bool has_argument = equals != std::string_view::npos;
    spec.kind = parse_kind(text, what.substr(0, equals));
    spec.argument = parse_argument(text, spec.kind, has_argument ? what.substr(equals + 1) : "");
    parse_when(spec, text.substr(at + 1));
    return spec;
}

const char* fault_name(ob_fault kind) noexcept
{
    for (const auto& [name, known] : fault_names) {
        if (known == kind)
            return name.data();
    }
    return "unknown";
}

bool needs_hook(ob_fault kind) noexcept
{
    return kind != OB_FAULT_KILL && kind != OB_FAULT_STOP;
}

}  // namespace outboard::cli
