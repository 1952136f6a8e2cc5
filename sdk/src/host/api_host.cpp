// SPDX-License-Identifier: MIT
//
// C ABI of hosts and callers.

#include "rt/os/clock.hpp"
#include "rt/os/scheduling.hpp"
#include "sdk/src/api/boundary.hpp"
#include "sdk/src/host/api_objects.hpp"
#include "sdk/src/host/enumeration.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <new>
#include <string>
#include <vector>

using outboard::api::fail;
using outboard::api::guarded;

namespace {

[[nodiscard]] bool is_priority(int32_t priority) noexcept
{
    constexpr int32_t priority_max = 95;
    return priority >= 0 && priority <= priority_max;
}

}  // namespace

void ob_host_config_init(ob_host_config* config) noexcept
{
    *config = ob_host_config{};
    config->struct_size_bytes = sizeof(*config);
}

ob_status ob_host_create(const ob_host_config* config, ob_host** out) noexcept
{
    if (out == nullptr)
        return OB_ERR_INVALID_ARGUMENT;
    *out = nullptr;
    return guarded([&] {
        ob_host_config effective;
        ob_host_config_init(&effective);
        if (config != nullptr && config->struct_size_bytes != sizeof(*config)) {
            return fail(OB_ERR_INVALID_ARGUMENT,
                        "struct_size_bytes is wrong: call ob_host_config_init() first");
        }
        if (config != nullptr)
            effective = *config;
        if (!is_priority(effective.supervisor_priority))
            return fail(OB_ERR_INVALID_ARGUMENT, "supervisor_priority must be 0 .. 95");
        const std::uint64_t grouping = outboard::host::number_of(effective.grouping);
        if (grouping > OB_GROUPING_ALL) {
            return fail(OB_ERR_INVALID_ARGUMENT, "grouping is " + std::to_string(grouping) +
                                                     "; it must be 0 .. " +
                                                     std::to_string(OB_GROUPING_ALL));
        }
        auto host = outboard::host::Host::create(effective);
        if (!host)
            return fail(host.error(), "cannot start the host's threads");
        auto handle = std::make_unique<ob_host>();
        handle->impl = std::move(*host);
        *out = handle.release();
        return ob_status{OB_OK};
    });
}

void ob_host_destroy(ob_host* host) noexcept
{
    delete host;
}

ob_status ob_host_realtime(const ob_host* host, ob_realtime_grant* supervisor,
                           uint32_t* cpu_latency_held) noexcept
{
    return guarded([&] {
        if (supervisor != nullptr)
            *supervisor = host->impl->supervisor_grant();
        if (cpu_latency_held != nullptr)
            *cpu_latency_held = host->impl->holds_cpu_latency() ? 1 : 0;
        return ob_status{OB_OK};
    });
}

ob_status ob_host_list_processors(ob_host* host, const char* service, ob_processor_info* out,
                                  uint32_t* count) noexcept
{
    return guarded([&] {
        std::vector<outboard::wire::ProcessorOfferT> offers;
        if (const auto failure = host->impl->list_processors(service, offers))
            return fail(failure.status, failure.message);
        const auto capacity = *count;
        *count = static_cast<uint32_t>(offers.size());
        if (capacity < offers.size())
            return ob_status{OB_AGAIN};
        for (const auto& offer : offers) {
            *out = {};
            static_cast<void>(
                std::snprintf(out->name, sizeof(out->name), "%s", offer.name.c_str()));
            static_cast<void>(std::snprintf(out->description, sizeof(out->description), "%s",
                                            offer.description.c_str()));
            out->flags = offer.flags;
            out->parameter_count = static_cast<uint32_t>(offer.parameters.size());
            ++out;
        }
        return ob_status{OB_OK};
    });
}

void ob_caller_config_init(ob_caller_config* config) noexcept
{
    *config = ob_caller_config{};
    config->struct_size_bytes = sizeof(*config);
    config->pinned_cpu = -1;
}

ob_status ob_caller_config_from_thread(ob_caller_config* config) noexcept
{
    return guarded([&] {
        namespace os = outboard::rt::os;
        ob_caller_config_init(config);
        const auto scheduling = os::thread_scheduling(0);
        if (!scheduling)
            return fail(scheduling.error(), "scheduling of this thread");
        const auto cpus = os::thread_cpus(0);
        if (!cpus)
            return fail(cpus.error(), "CPUs of this thread");
        config->realtime_priority = scheduling->priority;
        // A thread that may run on one CPU because there is only one is pinned as well.
        config->pinned_cpu = cpus->size() == 1 ? cpus->front() : -1;
        return ob_status{OB_OK};
    });
}

ob_status ob_caller_create(ob_host* host, const ob_caller_config* config, ob_caller** out) noexcept
{
    if (out == nullptr)
        return OB_ERR_INVALID_ARGUMENT;
    *out = nullptr;
    return guarded([&] {
        if (host == nullptr)
            return fail(OB_ERR_INVALID_ARGUMENT, "host is NULL");
        ob_caller_config effective;
        ob_caller_config_init(&effective);
        if (config != nullptr)
            effective = *config;
        if (effective.struct_size_bytes != sizeof(effective)) {
            return fail(OB_ERR_INVALID_ARGUMENT,
                        "struct_size_bytes is wrong: call ob_caller_config_init() first");
        }
        if (!is_priority(effective.realtime_priority))
            return fail(OB_ERR_INVALID_ARGUMENT, "realtime_priority must be 0 .. 95");
        auto caller = host->impl->make_caller(effective);
        if (caller == nullptr)
            return fail(OB_ERR_REFUSED, "a host has at most 32 callers");
        auto handle = std::make_unique<ob_caller>();
        handle->impl = std::move(caller);
        *out = handle.release();
        return ob_status{OB_OK};
    });
}

void ob_caller_destroy(ob_caller* caller) noexcept
{
    if (caller == nullptr)
        return;
    caller->impl->host().free_caller(caller->impl->index());
    delete caller;
}

void ob_caller_cycle_begin(ob_caller* caller, uint64_t budget_ns) noexcept
{
    caller->impl->begin_cycle(outboard::rt::os::monotonic_ns(), budget_ns);
}

void ob_caller_flush(ob_caller* caller) noexcept
{
    caller->impl->flush();
}
