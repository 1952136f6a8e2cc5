// SPDX-License-Identifier: MIT
//
// What the caller is promised of the set of replicas: who is fed what, who takes over, who is
// waited for.

#include "tests/sdk/simulation/promises.hpp"
#include "tests/sdk/simulation/virtual_os.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace outboard::test {

namespace {

/// What the caller itself may take from what it waits for to the end of the call.
constexpr std::uint64_t own_ns = 8'000;
/// A newcomer may be adopted, and rung, so many blocks after it was offered.
constexpr std::uint64_t settling_block_count = 6;
/// From a decision to its incident.
constexpr std::uint64_t decision_ns = 100;

}  // namespace

void Promises::note_poisoned(SimulatedService& service)
{
    const std::uint64_t unit = service.header.sequence;
    service.was_struck = true;
    std::uint64_t& last_ns = poison_taken_ns_[unit];
    last_ns = std::max(last_ns, service.offered_ns);
    check_given(unit);
}

/// Who came after the caller had found the unit out was not to be given it.
void Promises::check_given(std::uint64_t unit)
{
    const auto told = poison_told_ns_.find(unit);
    const auto taken = poison_taken_ns_.find(unit);
    if (told != poison_told_ns_.end() && taken != poison_taken_ns_.end() &&
        taken->second > told->second)
        fail("unit " + std::to_string(unit) + " was given to another though it is poison");
}

/// What two have held for long may have been found out, though nobody has been told yet.
bool Promises::may_be_poison(std::uint64_t unit) const
{
    constexpr std::uint64_t long_ns = 2'000'000;
    const auto holder_count =
        std::count_if(services_.begin(), services_.end(), [&](const auto& service) {
            const auto hold = service->holds.find(unit);
            return hold != service->holds.end() &&
                   hold->second.until_ns - hold->second.taken_ns > long_ns;
        });
    return is_poison(unit) || poison_told_ns_.count(unit) != 0 || holder_count >= 2;
}

bool Promises::has_poison() const
{
    return std::any_of(units_.begin(), units_.end(),
                       [&](const Unit& unit) { return may_be_poison(unit.sequence); });
}

/// Two that end over a unit, for whatever reason, make it poison.
void Promises::note_held_at_loss(const SimulatedService& service, const ob_incident& incident)
{
    if (incident.cause != OB_CAUSE_CRASH && incident.cause != OB_CAUSE_HANG)
        return;
    for (const auto& [unit, hold] : service.holds) {
        if (hold.taken_ns <= incident.detected_ns &&
            hold.until_ns > incident.detected_ns - decision_ns)
            ++losses_over_unit_[unit];
    }
}

void Promises::check_poison(const ob_incident& incident)
{
    if (losses_over_unit_[incident.sequence] < 2) {
        fail("unit " + std::to_string(incident.sequence) + " was said to be poison");
    } else if (!poison_told_ns_.try_emplace(incident.sequence, incident.detected_ns).second) {
        fail("poison was told twice");
    } else {
        check_given(incident.sequence);
    }
}

bool Promises::has_left_nothing_out(const SimulatedService& service) const
{
    for (std::uint64_t unit = service.first_left_out; unit < service.header.sequence; ++unit) {
        if (!may_be_poison(unit))
            return false;
    }
    return true;
}

/// The primary goes on without what nobody has any more: its output is what there is. A standby
/// that has missed a unit is none.
void Promises::check_order(const SimulatedService& service)
{
    const bool may_have_gaps =
        service.was_primary || service.process_id == stream_.replicas().primary_process_id();
    if (!may_have_gaps && !has_left_nothing_out(service))
        fail("standby " + std::to_string(service.process_id) + " was given unit " +
             std::to_string(service.header.sequence) + " behind unit " +
             std::to_string(service.first_left_out));
}

/// When the primary is lost, whoever was in step takes over: nobody else is waited for.
void Promises::check_wait()
{
    const auto primary = std::find_if(services_.begin(), services_.end(), [&](const auto& service) {
        return service->process_id == primary_;
    });
    const bool was_lost = primary != services_.end() && !(*primary)->is_gone &&
                          (*primary)->is_marked && (*primary)->replica->is_released();
    if (settings_.is_free() || settings_.format.unit_frame_count != 0 || !was_lost ||
        one_is_behind_ || gave_nan(block_))
        return;
    std::uint64_t known_ns = std::max(start_ns_, (*primary)->marked_ns);
    bool was_primary_in_step = false;
    bool has_answer = false;
    for (const auto& service : services_) {
        const bool was_in_step = std::find(were_in_step_.begin(), were_in_step_.end(),
                                           service.get()) != were_in_step_.end();
        if (service == *primary) {
            was_primary_in_step = was_in_step;
            continue;
        }
        // Or it has come into step during the call, perhaps before the primary was lost.
        if (!was_in_step && (service->is_gone || service->answered_until < block_))
            continue;
        const auto answer = service->answered_ns.find(block_);
        const bool was_heard = answer != service->answered_ns.end() && !service->dies_unrung;
        const bool is_lost = service->is_marked && !was_heard;
        if (!is_lost && !was_heard)
            return;  // still expected
        has_answer |= was_in_step && !is_lost && !service->has_sinned;
        known_ns = std::max(known_ns, is_lost ? service->marked_ns : answer->second);
    }
    if (was_primary_in_step && has_answer && virtual_os().now_ns > known_ns + 2 * own_ns)
        fail("waited " + std::to_string(virtual_os().now_ns - known_ns) +
             " ns longer than for the last one in step");
}

/// The block was concealed: whoever stood in reserve had not the time for what it was to replay.
void Promises::check_reserve()
{
    constexpr std::uint64_t units_max = 40;
    const auto primary = std::find_if(services_.begin(), services_.end(), [&](const auto& service) {
        return service->process_id == primary_;
    });
    if (ready_reserve_ == nullptr || ready_reserve_->was_struck || ready_reserve_->is_marked ||
        ready_reserve_->is_renewing || ready_reserve_->is_gone || primary == services_.end() ||
        !(*primary)->is_marked || ready_reserve_->first_unit + units_max <= block_ ||
        gave_nan(block_))
        return;
    std::uint64_t answered_ns =
        std::max({(*primary)->marked_ns, start_ns_, ready_reserve_->offered_ns});
    for (std::uint64_t unit = ready_reserve_->first_unit; unit <= block_; ++unit) {
        answered_ns += settings_.wake_ns(ready_reserve_->process_id, unit) +
                       settings_.dsp_ns(ready_reserve_->process_id, unit);
    }
    if (answered_ns + 2 * own_ns <= deadline_ns_)
        fail("the reserve " + std::to_string(ready_reserve_->process_id) + " could have answered");
}

/// At free pace a block is there when all have answered it, or come from one that has: there are as
/// many to lose as at first.
void Promises::check_set_is_whole(ob_status status)
{
    if (!settings_.is_free() || status != OB_OK || units_.empty() || has_poison())
        return;
    const std::uint64_t unit = units_.back().sequence;
    const auto count = std::count_if(services_.begin(), services_.end(), [&](const auto& service) {
        return std::max(service->answered_until, service->first_unit) > unit;
    });
    if (count < static_cast<std::ptrdiff_t>(settings_.replica_count))
        fail("unit " + std::to_string(unit) + " was played though only " + std::to_string(count) +
             " had answered it");
}

/// Who joins behind a checkpoint, and is left alone, gets all that it has missed and is soon in
/// step.
void Promises::check_newcomers()
{
    // Blocks that are shorter than a unit may bring none, and then nobody is looked at.
    const bool has_new_unit = std::exchange(newest_seen_unit_, newest_unit()) != newest_unit();
    for (const auto& service : services_) {
        const bool is_left_alone = !service->is_gone && !service->was_struck &&
                                   !service->has_sinned && !service->is_marked &&
                                   !service->replica->is_released();
        if (settings_.is_free() || service->first_unit == 0 || !is_left_alone ||
            service->is_reserve)
            continue;
        service->was_in_step |= service->replica->in_step.load(std::memory_order_relaxed);
        if (!has_new_unit)
            continue;
        if (service->block_count++ == 0) {
            service->catch_up_block_count =
                settling_block_count + (newest_unit() + 1 - service->first_unit) / 2;
        }
        if (service->block_count == service->catch_up_block_count && !service->was_in_step)
            fail("replica " + std::to_string(service->process_id) + " is not in step after " +
                 std::to_string(service->block_count) + " blocks");
    }
}

/// That has been posted.
std::uint64_t Promises::newest_unit() const
{
    const std::uint64_t unit = settings_.format.unit_frame_count;
    return unit == 0 ? block_ : (first_frame_ + frame_count_) / unit;
}

}  // namespace outboard::test
