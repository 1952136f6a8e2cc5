// SPDX-License-Identifier: MIT
#include "sdk/cli/fault_plan.hpp"

#include "sdk/cli/duration.hpp"
#include "sdk/cli/service_label.hpp"

namespace outboard::cli {

FaultPlan::FaultPlan(std::span<const FaultSpec> specs, const std::vector<std::string>& labels,
                     std::uint32_t rate_hz)
    : rate_hz_(rate_hz)
{
    entries_.reserve(specs.size());
    for (const FaultSpec& spec : specs) {
        const std::size_t index = spec.service.empty() ? 0 : find_service(labels, spec.service);
        entries_.push_back({.fault = {.frame = to_frames(spec.at_ns, rate_hz),
                                      .insert_index = index,
                                      .kind = spec.kind,
                                      .argument = spec.argument},
                            .first_ns = spec.at_ns,
                            .every_ns = spec.every_ns});
    }
}

std::optional<PlannedFault> FaultPlan::next() const noexcept
{
    const Entry* const entry = earliest();
    return entry == nullptr ? std::nullopt : std::optional{entry->fault};
}

void FaultPlan::advance() noexcept
{
    auto& entry = const_cast<Entry&>(*earliest());
    ++entry.strikes;
    entry.is_over = entry.every_ns == 0;
    // From the first strike and not from the last one: a rounded period would drift.
    entry.fault.frame = to_frames(entry.first_ns + entry.strikes * entry.every_ns, rate_hz_);
}

const FaultPlan::Entry* FaultPlan::earliest() const noexcept
{
    const Entry* found = nullptr;
    for (const Entry& entry : entries_) {
        if (!entry.is_over && (found == nullptr || entry.fault.frame < found->fault.frame))
            found = &entry;
    }
    return found;
}

}  // namespace outboard::cli
