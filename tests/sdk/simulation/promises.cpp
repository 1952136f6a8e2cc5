// SPDX-License-Identifier: MIT

#include "tests/sdk/simulation/promises.hpp"

#include "sdk/src/host/fade.hpp"
#include "tests/sdk/simulation/virtual_os.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string>

namespace outboard::test {

namespace {

/// What the caller itself may take from an answer, or a deadline, to the end of the call.
constexpr std::uint64_t own_ns = 8'000;
/// A step of the smooth channel, in fades as well; a hard switch would be up to 0.25.
constexpr float smooth_step_max = 0.12f;

}  // namespace

Promises::Promises(const Settings& settings, const Services& services, host::InsertStream& stream,
                   host::Statistics& statistics)
    : settings_(settings),
      services_(services),
      stream_(stream),
      statistics_(statistics)
{
    for (std::uint32_t channel = 0; channel < signal_channel_count; ++channel) {
        input_frames_[channel].resize(settings.format.max_frame_count);
        output_frames_[channel].resize(settings.format.max_frame_count);
        inputs_[channel] = input_frames_[channel].data();
        outputs_[channel] = output_frames_[channel].data();
    }
}

void Promises::fail(const std::string& what)
{
    if (broken_.empty())
        broken_ = "block " + std::to_string(block_) + ": " + what;
}

void Promises::begin_block(std::uint64_t block, std::uint64_t deadline_ns)
{
    first_frame_ += frame_count_;
    block_ = block;
    start_ns_ = virtual_os().now_ns;
    deadline_ns_ = deadline_ns;
    frame_count_ = settings_.frame_count(block);
    for (std::uint32_t frame = 0; frame < frame_count_; ++frame) {
        const SignalFrame in = input_frame(first_frame_ + frame);
        for (std::uint32_t channel = 0; channel < signal_channel_count; ++channel)
            input_frames_[channel][frame] = in[channel];
    }
    find_units();
    were_exact_ = all_are_exact();
    primary_ = stream_.replicas().primary_process_id();
    note_services();
}

/// Who is there, and from whom an answer can be expected.
void Promises::note_services()
{
    could_answer_.clear();
    were_in_step_.clear();
    one_is_behind_ = false;
    ready_reserve_ = nullptr;
    for (const auto& service : services_) {
        service->was_primary |= service->process_id == primary_;
        service->is_reserve &= !service->was_primary;
        if (service->is_reserve && !service->is_gone && !service->was_struck && service->is_exact)
            ready_reserve_ = service.get();
        const bool has_answered_last = service->answered_until >= block_;
        if (!service->is_gone && !service->replica->is_released() &&
            service->replica->in_step.load(std::memory_order_relaxed)) {
            were_in_step_.push_back(service.get());
            one_is_behind_ |= !has_answered_last;
        }
        const bool is_in_step = has_answered_last && service->is_exact;
        if (!service->is_gone && service->offered_ns < start_ns_ && is_in_step &&
            !service->was_struck && service->loss_count == 0 && !service->is_busy)
            could_answer_.push_back(service.get());
    }
}

/// Which units the block's output is made of.
void Promises::find_units()
{
    units_.clear();
    if (settings_.format.unit_frame_count == 0) {
        units_.push_back({.sequence = block_, .offset = 0, .frame_count = frame_count_});
        return;
    }
    const std::int64_t unit = settings_.format.unit_frame_count;
    const std::int64_t latency = settings_.format.adaptor_latency_frames;
    for (std::uint32_t offset = 0; offset < frame_count_;) {
        const std::int64_t frame = static_cast<std::int64_t>(first_frame_ + offset) - latency;
        const std::int64_t until_next = frame < 0 ? -frame : unit - frame % unit;
        const auto count =
            static_cast<std::uint32_t>(std::min<std::int64_t>(until_next, frame_count_ - offset));
        if (frame >= 0) {
            units_.push_back({.sequence = static_cast<std::uint64_t>(frame / unit),
                              .offset = offset,
                              .frame_count = count});
        }
        offset += count;
    }
}

void Promises::end_block(ob_status status)
{
    check_time();
    check_status(status);
    check_frames(status);
    check_incidents();
    check_wait();
    check_set_is_whole(status);
    check_newcomers();
    for (const auto& service : services_) {
        if (service->is_gone || !service->replica->is_released())
            continue;
        service->released_block = std::min(service->released_block, block_);
        if (service->loss_count != 1)
            fail("replica " + std::to_string(service->process_id) + " was released with " +
                 std::to_string(service->loss_count) + " incidents that say so");
    }
    last_was_wet_ = status == OB_OK;
}

void Promises::check_time()
{
    const std::uint64_t now_ns = virtual_os().now_ns;
    const std::uint64_t limit_ns =
        settings_.is_free() ? start_ns_ + settings_.insert.hang_limit_ns + 2 * Settings::give_up_ns
                            : deadline_ns_ + own_ns;
    if (now_ns > limit_ns)
        fail("came back " + std::to_string(now_ns - limit_ns) + " ns too late");
}

/// Whether a replica that the caller had answered in time, so that the answer must be played.
bool Promises::was_answered(std::uint64_t sequence)
{
    const auto known = unit_was_answered_.find(sequence);
    if (known != unit_was_answered_.end())
        return known->second;
    const bool was = std::any_of(services_.begin(), services_.end(), [&](const auto& service) {
        const auto answer = service->answered_ns.find(sequence);
        if (service->is_reserve && (gave_nan(sequence) || was_skipped(sequence)))
            return false;  // nobody is called in for that: it came later, for what follows
        return answer != service->answered_ns.end() && answer->second + own_ns <= deadline_ns_ &&
               service->offered_ns < start_ns_ && service->released_block >= block_ &&
               !service->has_sinned;
    });
    unit_was_answered_[sequence] = was;
    return was;
}

/// Whether an idle replica in step, that nobody has struck, had the time to answer the unit: rung
/// with the primary, at the hedge, or when the primary's death was noted.
bool Promises::could_have_answered(const SimulatedService& service) const
{
    if (service.was_struck || service.is_marked || service.is_gone)
        return false;
    std::uint64_t rung_ns = start_ns_;
    if (service.process_id != primary_) {
        rung_ns += settings_.hedge_ns;
        for (const auto& other : services_) {
            if (other->process_id == primary_ && other->is_marked)
                rung_ns = std::min(rung_ns, std::max(other->marked_ns, start_ns_));
        }
    }
    const std::uint64_t answered_ns = rung_ns + settings_.wake_ns(service.process_id, block_) +
                                      settings_.dsp_ns(service.process_id, block_);
    return answered_ns + 2 * own_ns <= deadline_ns_;
}

bool Promises::was_skipped(std::uint64_t sequence) const
{
    return std::any_of(services_.begin(), services_.end(), [&](const auto& service) {
        return service->skipped_units.count(sequence) != 0;
    });
}

bool Promises::gave_nan(std::uint64_t sequence) const
{
    return std::any_of(services_.begin(), services_.end(), [&](const auto& service) {
        return service->nan_units.count(sequence) != 0;
    });
}

/// A corrupt answer is lost with its replica, and any with one more than was asked for that is let
/// go; who joined behind it can never give that unit.
bool Promises::has_gap() const
{
    return !units_.empty() &&
           std::any_of(
               services_.begin(), services_.end(),
               [](const auto& service) { return service->has_sinned || service->is_surplus; }) &&
           std::any_of(services_.begin(), services_.end(), [&](const auto& service) {
               return !service->is_gone && service->first_unit > units_.front().sequence;
           });
}

void Promises::check_status(ob_status status)
{
    if (status != OB_OK && status != OB_CONCEALED && status != OB_ERR_GAVE_UP)
        fail("status " + std::to_string(status));
    bool must_be_wet = true;
    for (const Unit& unit : units_)
        must_be_wet &= was_answered(unit.sequence);
    if (status == OB_OK) {
        const bool primary_died =
            std::any_of(services_.begin(), services_.end(), [&](const auto& service) {
                return service->process_id == primary_ && service->is_marked &&
                       service->marked_ns >= start_ns_ && service->answered_ns.count(block_) == 0;
            });
        saved_block_count_ += primary_died ? 1 : 0;
        return;
    }
    if (settings_.is_free()) {
        const bool may_give_up = status == OB_ERR_GAVE_UP && (!settings_.is_respawned || has_gap());
        const bool is_nan = std::any_of(units_.begin(), units_.end(),
                                        [&](const Unit& unit) { return gave_nan(unit.sequence); });
        if (!may_give_up && !is_nan && !has_poison())
            fail("status " + std::to_string(status) + " at free pace");
        return;
    }
    if (must_be_wet)
        fail("an answer that was there in time was not played");
    if (settings_.format.unit_frame_count != 0 || has_poison())
        return;
    for (const SimulatedService* const service : could_answer_) {
        if (could_have_answered(*service))
            fail("replica " + std::to_string(service->process_id) + " could have answered");
    }
    check_reserve();
}

/// One with another past makes the others look different, also to each other, once it was played.
bool Promises::all_are_exact() const
{
    return settings_.is_deterministic &&
           std::all_of(services_.begin(), services_.end(), [&](const auto& service) {
               return service->is_exact || (service->is_gone && !service->has_taken_unit);
           });
}

const SignalFrame& Promises::reference(std::int64_t frame)
{
    static constexpr SignalFrame silence{};
    if (frame < 0)
        return silence;
    while (reference_.size() <= static_cast<std::size_t>(frame))
        reference_.push_back(undisturbed_.process(input_frame(reference_.size())));
    return reference_[static_cast<std::size_t>(frame)];
}

void Promises::check_frames(ob_status status)
{
    const bool is_identical = status == OB_OK && were_exact_ && all_are_exact();
    const bool is_number_known = status == OB_OK || settings_.insert.fallback == OB_FALLBACK_DRY;
    const std::int64_t latency = settings_.format.latency_frames();
    std::uint64_t piece_begin = first_frame_;
    for (std::uint32_t index = 0; index < frame_count_; ++index) {
        const std::uint64_t frame = first_frame_ + index;
        const bool begins_piece = std::any_of(
            units_.begin(), units_.end(), [&](const Unit& unit) { return unit.offset == index; });
        if (begins_piece)
            piece_begin = frame;
        const SignalFrame& wanted = reference(static_cast<std::int64_t>(frame) - latency);
        const std::array<float, 3> got{outputs_[0][index], outputs_[1][index], outputs_[2][index]};
        if (!std::isfinite(got[0]) || !std::isfinite(got[1]) || !std::isfinite(got[2]))
            fail("frame " + std::to_string(index) + " is not finite");
        const bool is_settled = frame >= piece_begin + host::fade_frames;
        if (is_number_known && is_settled && got[1] != wanted[1])
            fail("frame " + std::to_string(index) + " is another block's");
        if (is_identical && frame >= identical_from_) {
            if (got != wanted)
                fail("frame " + std::to_string(index) + " is not identical");
            ++identical_frame_count_;
        }
        if (std::abs(got[2] - last_smooth_) > smooth_step_max)
            fail("frame " + std::to_string(index) + " clicks");
        last_smooth_ = got[2];
    }
    if (!is_identical)
        identical_from_ = first_frame_ + frame_count_ + host::fade_frames;
    if (status != OB_OK)
        lost_frame_count_ += frame_count_;
}

void Promises::check_incidents()
{
    ob_incident incident{};
    while (statistics_.incidents.pop(incident))
        check_incident(incident);
    if (settings_.format.unit_frame_count == 0 &&
        statistics_.counters.frames_lost.get() != lost_frame_count_)
        fail("counts " + std::to_string(statistics_.counters.frames_lost.get()) +
             " frames as lost, not " + std::to_string(lost_frame_count_));
}

void Promises::check_incident(const ob_incident& incident)
{
    if (incident.kind == OB_INCIDENT_WET_AGAIN) {
        accounted_frame_count_ += incident.frames_lost;
        return;
    }
    if (incident.kind == OB_INCIDENT_LATE_BLOCK || incident.kind == OB_INCIDENT_DIVERGED ||
        incident.kind == OB_INCIDENT_RESET)
        return;
    if (incident.kind == OB_INCIDENT_POISON_BLOCK)
        return check_poison(incident);
    for (const auto& service : services_) {
        if (service->process_id == incident.process_id)
            return check_loss(*service, incident);
    }
    fail("an incident of an unknown process");
}

/// How long it had given no sign of life. What it did behind the decision, until the end of the
/// call, does not count.
std::uint64_t Promises::silence_ns(const SimulatedService& service, const ob_incident& incident)
{
    constexpr std::uint64_t decision_ns = 100;
    const std::uint64_t decided_ns = incident.detected_ns - decision_ns;
    const auto& beats = service.beats_ns;
    const auto later = std::lower_bound(beats.begin(), beats.end(), decided_ns);
    return later == beats.begin() ? 0 : decided_ns - *std::prev(later);
}

void Promises::check_loss(SimulatedService& service, const ob_incident& incident)
{
    ++loss_count_;
    ++service.loss_count;
    note_held_at_loss(service, incident);
    const std::string who = "replica " + std::to_string(service.process_id);
    if (service.loss_count > 1)
        fail(who + " was lost twice");
    if (incident.cause == OB_CAUSE_CRASH && !service.is_marked)
        fail(who + " lives and was said to have crashed");
    if (incident.cause == OB_CAUSE_CORRUPT && !service.has_sinned)
        fail(who + " kept to the protocol and was said to be corrupt");
    // In real time half of it is enough while another one is in step.
    const bool is_covered =
        settings_.is_warm ||
        (!settings_.is_free() &&
         std::any_of(services_.begin(), services_.end(), [&](const auto& other) {
             return other.get() != &service && !other->is_gone && !other->replica->is_released() &&
                    other->replica->in_step.load(std::memory_order_relaxed);
         }));
    const std::uint64_t limit_ns = settings_.insert.hang_limit_ns / (is_covered ? 2 : 1);
    const bool was_silent = service.was_struck && silence_ns(service, incident) >= limit_ns;
    if (incident.cause == OB_CAUSE_HANG && !was_silent)
        fail(who + " was said to hang");
}

void Promises::check_end()
{
    if (last_was_wet_ && accounted_frame_count_ != statistics_.counters.frames_lost.get())
        fail("incidents account for " + std::to_string(accounted_frame_count_) + " of " +
             std::to_string(statistics_.counters.frames_lost.get()) + " lost frames");
}

}  // namespace outboard::test
