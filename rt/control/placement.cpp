// SPDX-License-Identifier: MIT

#include "rt/control/placement.hpp"

#include <algorithm>
#include <iterator>

namespace outboard::rt {
namespace {

[[nodiscard]] bool may_share(const PlacementInput& input) noexcept
{
    const auto& allowed = input.allowed_cpus;
    return input.caller_pinned &&
           std::find(allowed.begin(), allowed.end(), input.caller_cpu) != allowed.end();
}

[[nodiscard]] std::vector<int> cpus_without_caller(const PlacementInput& input)
{
    std::vector<int> cpus;
    std::copy_if(input.allowed_cpus.begin(), input.allowed_cpus.end(), std::back_inserter(cpus),
                 [&](int cpu) { return cpu != input.caller_cpu; });
    return cpus;
}

[[nodiscard]] PlacementDecision place_on_other(const PlacementInput& input, const char* reason)
{
    auto cpus = cpus_without_caller(input);
    if (cpus.empty()) {
        return {Placement::none, {}, false, "there is no CPU beside the caller's"};
    }
    // A caller that can move may come to any of these CPUs.
    const bool may_spin = input.caller_pinned && cpus.size() >= input.dsp_thread_count;
    return {Placement::other, std::move(cpus), may_spin, reason};
}

[[nodiscard]] PlacementDecision place_on_same(const PlacementInput& input, const char* reason)
{
    return {Placement::same, {input.caller_cpu}, false, reason};
}

[[nodiscard]] const char* why_not_shared(const PlacementInput& input) noexcept
{
    return input.caller_pinned ? "the caller's CPU is not allowed to the service"
                               : "the caller is not pinned to one CPU";
}

}  // namespace

PlacementDecision decide_placement(const PlacementInput& input)
{
    switch (input.requested) {
        case Placement::none: return {Placement::none, {}, false, "as requested"};
        case Placement::other: return place_on_other(input, "as requested");
        case Placement::same:
            return may_share(input) ? place_on_same(input, "as requested")
                                    : place_on_other(input, why_not_shared(input));
        case Placement::automatic: break;
    }
    return may_share(input) ? place_on_same(input, "the caller is pinned to one CPU")
                            : place_on_other(input, why_not_shared(input));
}

}  // namespace outboard::rt
