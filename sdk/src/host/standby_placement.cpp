// SPDX-License-Identifier: MIT

#include "sdk/src/host/standby_placement.hpp"

namespace outboard::host {

namespace {

/// For the wakes and the copies around two blocks of DSP.
constexpr std::uint64_t overhead_ns = 100'000;
/// With more CPUs than this there is one to spare for the standby.
constexpr std::size_t scarce_cpu_count = 2;

[[nodiscard]] std::string in_us(std::uint64_t time_ns)
{
    return std::to_string(time_ns / 1000) + " us";
}

[[nodiscard]] std::string misfit(const StandbyPlacementInput& input)
{
    return "2 x " + in_us(input.dsp_p99_ns) + " of DSP (p99) + " + in_us(overhead_ns) +
           " exceed the deadline of " + in_us(input.deadline_ns);
}

[[nodiscard]] StandbyPlacementDecision trail(const StandbyPlacementInput& input,
                                             const std::string& reason)
{
    if (trailing_fits(input))
        return {OB_STANDBY_PLACEMENT_TRAILING, true, reason};
    return {OB_STANDBY_PLACEMENT_TRAILING, false, reason + ", but " + misfit(input)};
}

}  // namespace

std::string why_not_trailing(const StandbyPlacementInput& input)
{
    if (input.is_free_pace)
        return "at free pace all replicas are waited for";
    if (!input.shares_caller_cpu)
        return "the primary is not on the caller's CPU";
    if (input.primary_priority <= 1)
        return "there is no real-time priority below the primary's";
    return {};
}

bool trailing_fits(const StandbyPlacementInput& input) noexcept
{
    if (input.dsp_p99_ns == 0 || input.deadline_ns == 0)
        return true;
    return 2 * input.dsp_p99_ns + overhead_ns <= input.deadline_ns;
}

StandbyPlacementDecision decide_standby_placement(const StandbyPlacementInput& input)
{
    const std::string obstacle = why_not_trailing(input);
    if (input.requested == OB_STANDBY_PLACEMENT_OTHER)
        return {OB_STANDBY_PLACEMENT_OTHER, true, "as requested"};
    if (!obstacle.empty())
        return {OB_STANDBY_PLACEMENT_OTHER, true, obstacle};
    if (input.requested == OB_STANDBY_PLACEMENT_TRAILING)
        return trail(input, "as requested");
    if (input.cpu_count < scarce_cpu_count)
        return trail(input, "there is one CPU");
    if (input.cpu_count > scarce_cpu_count)
        return {OB_STANDBY_PLACEMENT_OTHER, true, "there are CPUs to spare"};
    if (input.was_unfit)
        return {OB_STANDBY_PLACEMENT_OTHER, true, "trailing did not fit the deadline"};
    if (!trailing_fits(input))
        return {OB_STANDBY_PLACEMENT_OTHER, true, misfit(input)};
    return {OB_STANDBY_PLACEMENT_TRAILING, true, "two CPUs, and the caller is pinned to one"};
}

}  // namespace outboard::host
