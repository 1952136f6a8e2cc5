// SPDX-License-Identifier: MIT
//
// What the plain thread does for a warm standby.

#include "tests/sdk/simulation/simulation.hpp"

#include <algorithm>

namespace outboard::test {

SimulatedService* Simulation::reserve() const
{
    const auto found = std::find_if(services_.begin(), services_.end(), [](const auto& service) {
        return service->is_reserve && !service->is_gone;
    });
    return found != services_.end() ? found->get() : nullptr;
}

/// Who is to stand in reserve waits for a checkpoint, as long as somebody serves.
bool Simulation::can_start() const
{
    if (!settings_.is_warm)
        return true;
    const bool is_served = std::any_of(services_.begin(), services_.end(), [](const auto& service) {
        return !service->is_gone && !service->is_marked && !service->replica->is_released();
    });
    return !is_served || (survivor() != nullptr && reserve() == nullptr);
}

void Simulation::renew_reserve()
{
    SimulatedService* const service = reserve();
    if (service == nullptr || service->is_renewing || service->is_marked)
        return;
    const bool is_due = virtual_os().now_ns >= next_renewal_ns_;
    if (service->process_id == stream_.replicas().primary_process_id()) {
        service->is_reserve = false;
        return;
    }
    const SimulatedService* const other = survivor();
    if (!is_due || other == nullptr || other->answered_until <= service->first_unit)
        return;
    stream_.replicas().set_reserve_is_coming(true);
    if (!stream_.replicas().withdraw(*service->replica)) {
        stream_.replicas().set_reserve_is_coming(false);
        service->is_reserve = false;
        return;
    }
    tell("renews", service->process_id);
    put_behind_checkpoint(*service, *other);
    service->is_renewing = true;
    plan(virtual_os().now_ns + settings_.renewal_ns(renewal_count_++), Step::renewed,
         index_of(*service));
}

void Simulation::end_renewal(SimulatedService& service)
{
    if (service.is_gone || service.is_marked)  // it has died meanwhile
        return stream_.replicas().set_reserve_is_coming(false);
    tell("renewed", service.process_id);
    ++totals_.renewals;
    next_renewal_ns_ = virtual_os().now_ns + settings_.renewal_pause_ns(renewal_count_);
    service.is_renewing = false;
    service.offered_ns = virtual_os().now_ns;
    service.beats_ns.push_back(service.offered_ns);
    stream_.replicas().offer_reserve(*service.replica);
}

}  // namespace outboard::test
