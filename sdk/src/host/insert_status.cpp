// SPDX-License-Identifier: MIT
//
// What an insert tells of itself.

#include "sdk/src/host/copy_text.hpp"
#include "sdk/src/host/insert.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

namespace outboard::host {

std::uint32_t Insert::standby_count_in_step() const
{
    if (spec_.is_warm())
        return ready_reserve() != nullptr ? 1 : 0;
    const std::int32_t primary = stream_->replicas().primary_process_id();
    return static_cast<std::uint32_t>(
        std::count_if(served_.begin(), served_.end(), [&](const Served& served) {
            return served.is_offered && !is_lost(served) &&
                   served.connection->process_id() != primary &&
                   served.connection->replica().in_step.load(std::memory_order_relaxed);
        }));
}

ob_insert_status Insert::status() const
{
    ob_insert_status status{};
    status.generation = generation_;
    status.latency_frames = format_.latency_frames();
    status.processor_latency_frames = format_.processor_latency_frames;
    status.service_process_id = -1;
    status.found_by_name = spec_.is_found_by_name() ? 1 : 0;
    status.placement_same_cpu = surroundings_.places.shares_caller_cpu ? 1 : 0;
    status.processor_flags = offer_.flags;
    status.standby_count = standby_count_in_step();
    status.standbys_wanted = replica_count_ - 1;
    const bool has_places = has_standbys() && !spec_.is_warm();  // warm: its primary's
    status.standby_placement = has_places ? placement_.chosen : OB_STANDBY_PLACEMENT_AUTO;
    copy_text(has_places ? placement_.reason : "", status.standby_placement_reason);
    std::string reason;
    status.guarantee = guarantee(reason);
    copy_text(reason, status.guarantee_reason);
    copy_text(spec_.service, status.service_name);
    copy_text(offer_.name, status.processor_name);
    status.state = stream_->is_wet() ? OB_INSERT_WET : OB_INSERT_FALLBACK;
    if (const Connection* const connection = streaming(); connection != nullptr) {
        const wire::DspThreadPlacedT& grant = connection->link().dsp_grant();
        status.state = OB_INSERT_WET;
        status.service_process_id = connection->process_id();
        status.tail_frames = connection->ready().tail_frames;
        status.dsp_thread.step = static_cast<ob_realtime_step>(grant.realtime_step);
        status.dsp_thread.priority = grant.realtime_priority;
        status.dsp_thread.cpu = grant.realtime_cpu;
        copy_text(grant.realtime_description, status.dsp_thread.description);
    } else {
        status.state = is_circuit_open() ? OB_INSERT_BROKEN : OB_INSERT_FALLBACK;
        copy_text(last_failure_.message, status.message);
    }
    return status;
}

}  // namespace outboard::host
