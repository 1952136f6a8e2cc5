// SPDX-License-Identifier: MIT
#include "sdk/cli/observed.hpp"

#include <utility>

namespace outboard::cli {

std::vector<ObservedHost> observe_hosts(std::optional<std::int32_t> process_id)
{
    std::vector<ObservedHost> hosts;
    for (const ob_host_entry& entry : list_hosts()) {
        if (process_id && entry.process_id != *process_id)
            continue;
        ObservedHost host{.entry = entry, .snapshot = std::nullopt, .problem = {}};
        try {
            host.snapshot.emplace(entry);
        } catch (const Error& error) {
            if (error.status() == OB_ERR_NOT_FOUND)
                continue;
            host.problem = error.what();
        }
        hosts.push_back(std::move(host));
    }
    return hosts;
}

std::optional<double> dsp_load(const ob_observed_insert& insert) noexcept
{
    const ob_histogram_summary& dsp = histogram_of(insert, OB_HISTOGRAM_DSP);
    if (dsp.count == 0 || insert.period_ns == 0)
        return std::nullopt;
    return static_cast<double>(dsp.p50_ns) / static_cast<double>(insert.period_ns);
}

const char* state_name(ob_insert_state state) noexcept
{
    switch (state) {
        case OB_INSERT_WET: return "wet";
        case OB_INSERT_FALLBACK: return "fallback";
        case OB_INSERT_BROKEN: return "broken";
    }
    return "fallback";
}

const ob_histogram_summary& histogram_of(const ob_observed_insert& insert,
                                         ob_histogram_kind kind) noexcept
{
    return insert.histograms[static_cast<std::size_t>(kind)];
}

}  // namespace outboard::cli
