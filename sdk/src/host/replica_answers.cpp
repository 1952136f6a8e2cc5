// SPDX-License-Identifier: MIT
//
// Taking the answers of a set of replicas in time. For free pace see replica_free_pace.cpp.

#include "sdk/src/host/replica_set.hpp"

#include "rt/os/clock.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace outboard::host {

namespace {

/// A silent service is let go in this part of the time while another one answers.
constexpr std::uint64_t covered_hang_divisor = 2;

}  // namespace

bool ReplicaSet::is_exact(const Replica& replica) const noexcept
{
    return replica.is_trusted || replica.equal_frames >= frames_until_exact_;
}

/// Whether a switch to it is heard.
bool ReplicaSet::is_another_source(const Replica& replica) const noexcept
{
    return has_had_source_ && &replica != last_source_ && !is_exact(replica);
}

/// What it gives out is what the others are compared with from now on.
void ReplicaSet::make_reference(Replica& replica) noexcept
{
    for (std::size_t index = 0; index < active_count_; ++index) {
        Replica& other = *active_[index];
        other.is_trusted = &other == &replica || (other.is_trusted && !has_had_source_);
        other.has_diverged = &other != &replica && has_had_source_;
        if (has_had_source_)
            other.equal_frames = 0;
        publish_exactness(other);
    }
}

void ReplicaSet::publish_exactness(Replica& replica) const noexcept
{
    replica.is_exact.store(is_exact(replica), std::memory_order_relaxed);
    replica.is_diverged.store(replica.has_diverged, std::memory_order_relaxed);
}

void ReplicaSet::note_equal(Replica& replica, std::uint32_t frame_count) noexcept
{
    replica.equal_frames += frame_count;
    if (replica.equal_frames >= frames_until_exact_)
        replica.has_diverged = false;
}

void ReplicaSet::note_different(Replica& replica, const Wanted& wanted) noexcept
{
    statistics_->counters.diverged_blocks.add();
    replica.equal_frames = 0;
    replica.is_trusted = false;
    // Of one that has not the past that matters, nobody expected anything else.
    if (std::exchange(replica.has_diverged, true) || !replica.has_past_that_matters())
        return;
    ob_incident incident{};
    incident.kind = OB_INCIDENT_DIVERGED;
    incident.process_id = replica.process_id();
    incident.sequence = replica.answer().sequence;
    incident.stream_frame = wanted.output_frame;
    incident.detected_ns = rt::os::monotonic_ns();
    Unit then{};
    Unit now{};
    if (log_->get(replica.answer().sequence, then) && log_->get(wanted.sequence, now))
        incident.stream_frame -= static_cast<std::uint64_t>(now.first_frame - then.first_frame);
    report(incident);
}

void ReplicaSet::compare(Replica& replica, const Wanted& wanted) noexcept
{
    const link::BlockHeader& header = replica.answer();
    const std::uint32_t frame_count = header.frame_count;
    Unit unit{};
    if (log_->get(header.sequence, unit) && unit.frame_count != frame_count)
        return replica.note_broken_rules();
    const bool was_rejected = replica.bad_sequence == header.sequence + 1;
    if (active_count_ < 2 || was_rejected || frame_count > replica.shape().frame_capacity)
        return;
    const std::uint64_t hash =
        hash_frames(replica.answer_slot(), replica.shape().output_channel_count, frame_count);
    switch (played_.compare(header.sequence, hash)) {
        case PlayedBlocks::Comparison::unknown: return;
        case PlayedBlocks::Comparison::equal: note_equal(replica, frame_count); break;
        case PlayedBlocks::Comparison::different: note_different(replica, wanted); break;
    }
    publish_exactness(replica);
}

Answer ReplicaSet::look_at(Replica& replica, const Wanted& wanted) noexcept
{
    const Answer answer = replica.find(
        wanted.sequence, wanted.frame_count, [&] { compare(replica, wanted); },
        [this](const ob_incident& late) { report_late(late); });
    // A standby that trails is given all units of a block at once, behind the primary.
    const bool in_step =
        replica.has_answered() && replica.is_in_step(std::min(wanted.sequence, first_of_block_));
    if (in_step != replica.in_step.load(std::memory_order_relaxed))
        replica.in_step.store(in_step, std::memory_order_relaxed);
    return answer;
}

bool ReplicaSet::has_failed(std::size_t index, Answer answer, bool has_ended,
                            const Wanted& wanted) noexcept
{
    if (answer == Answer::corrupt) {
        statistics_->counters.corrupt_replies.add();
        demote(index, OB_CAUSE_CORRUPT);
        return true;
    }
    if (answer == Answer::here)
        return false;
    // "never": what lies in its ring is for later units, and may be all that there is for them.
    const bool may_be_wanted = answer == Answer::never && options_.pace != OB_PACE_FREE;
    if (has_ended && !may_be_wanted) {
        demote(index, OB_CAUSE_CRASH);
        return true;
    }
    // Offline nothing is skipped: it has left out a block.
    if (answer == Answer::never && options_.pace == OB_PACE_FREE &&
        active_[index]->has_posted(wanted.sequence)) {
        demote(index, OB_CAUSE_CORRUPT);
        return true;
    }
    return false;
}

/// Whether an answer that is not there yet may come. A replay goes on until it has.
bool ReplicaSet::may_answer(std::size_t index, Answer answer, std::uint64_t sequence) noexcept
{
    Replica& replica = *active_[index];
    replica.is_replaying &= answer == Answer::not_yet;
    if (replica.is_replaying)
        replay(index);
    return answer == Answer::not_yet && (replica.is_replaying || replica.has_posted(sequence));
}

/// The last one has just been lost.
bool ReplicaSet::reserve_may_answer() noexcept
{
    call_reserve();
    return active_count_ != 0 || expects_reserve();
}

ReplicaSet::Look ReplicaSet::look_for(const Wanted& wanted, Replica*& found) noexcept
{
    Replica* candidate = nullptr;  // has the answer, but is not the source and not known as equal
    bool may_come = false;
    found = nullptr;
    for (std::size_t index = 0; index < active_count_;) {
        Replica& replica = *active_[index];
        const bool has_ended = replica.has_ended();  // before the look at its rings
        const Answer answer = look_at(replica, wanted);
        if (has_failed(index, answer, has_ended, wanted))
            continue;
        may_come |= may_answer(index, answer, wanted.sequence);
        ++index;
        if (answer != Answer::here || replica.bad_sequence == wanted.sequence + 1)
            continue;
        const bool is_source = &replica == active_[0] || is_exact(replica);
        Replica*& place = is_source ? found : candidate;
        if (place == nullptr)
            place = &replica;
    }
    if (found != nullptr)
        return Look::found;
    if (may_come || (active_count_ == 0 && reserve_may_answer()))
        return Look::may_come;
    if (found == nullptr)
        found = candidate;
    return found != nullptr ? Look::found : Look::nobody;
}

ReplicaSet::Taken ReplicaSet::take(const Wanted& wanted) noexcept
{
    Taken taken;
    output_frame_ = wanted.output_frame;
    oldest_wanted_ = wanted.sequence;
    next_wanted_ = wanted.sequence + 1;
    taken.replica = options_.pace == OB_PACE_FREE ? take_at_free_pace(wanted, taken.gave_up)
                                                  : take_in_time(wanted, taken.has_waited);
    if (taken.replica != nullptr)
        taken.is_another_source = is_another_source(*taken.replica);
    return taken;
}

Replica* ReplicaSet::take_in_time(const Wanted& wanted, bool& has_waited) noexcept
{
    Replica* found = nullptr;
    Look look = look_for(wanted, found);
    if (look != Look::may_come)
        return found;
    has_waited = true;
    const bool are_all_rung = rings_together_.load(std::memory_order_relaxed);
    if (active_count_ > 1 && !are_all_rung) {
        const std::uint64_t hedge_ns = hedge_ns_.load(std::memory_order_relaxed);
        const std::uint64_t now_ns = rt::os::monotonic_ns();
        if (hedge_ns != 0 && now_ns + hedge_ns < wanted.deadline_ns)
            look = look_until(now_ns + hedge_ns, wanted, found);
        if (look == Look::may_come)
            ring_all();
    }
    if (look == Look::may_come)
        look = look_until(wanted.deadline_ns, wanted, found);
    if (look == Look::may_come) {
        found = any_answer(wanted);
        if (found == nullptr)
            note_missed_deadline(wanted, rt::os::monotonic_ns());
    }
    return found;
}

/// Waits for answers. Where the kernel waits on one bell only, it is the primary's: another primary
/// is another bell.
ReplicaSet::Look ReplicaSet::look_until(std::uint64_t until_ns, const Wanted& wanted,
                                        Replica*& found) noexcept
{
    Look look = Look::may_come;
    rt::WaitEnd end = rt::WaitEnd::ready;
    while (look == Look::may_come && end == rt::WaitEnd::ready) {
        listen();
        const Replica* const listened_to = primary();
        end = caller().wait().wait(until_ns, spin_, [&] {
            look = look_for(wanted, found);
            return look != Look::may_come || primary() != listened_to;
        });
    }
    return look;
}

/// The deadline has come: any answer is better than none.
Replica* ReplicaSet::any_answer(const Wanted& wanted) noexcept
{
    for (std::size_t index = 0; index < active_count_; ++index) {
        Replica& replica = *active_[index];
        if (replica.bad_sequence != wanted.sequence + 1 && look_at(replica, wanted) == Answer::here)
            return &replica;
    }
    return nullptr;
}

void ReplicaSet::note_missed_deadline(const Wanted& wanted, std::uint64_t now_ns) noexcept
{
    statistics_->counters.deadline_misses.add();
    Unit unit{};
    if (!log_->get(wanted.sequence, unit))
        return;
    ob_incident late{};
    late.kind = OB_INCIDENT_LATE_BLOCK;
    late.sequence = wanted.sequence;
    late.stream_frame = wanted.output_frame;
    late.posted_ns = unit.posted_ns;
    late.collected_ns = now_ns;
    late.deadline_ns = wanted.deadline_ns;
    if (active_count_ == 0)
        return;
    Replica& owing = *active_[0];
    late.process_id = owing.process_id();
    if (owing.is_replaying) {
        // Its answer would only say that the blocks before it took their time.
        late.cause = OB_CAUSE_KILL;
        report(late);
    } else if (owing.has_posted(wanted.sequence)) {
        owing.late_blocks().add(late, [this](const ob_incident& old) { report(old); });
    }
}

bool ReplicaSet::is_late(std::size_t index) const noexcept
{
    Replica& replica = *active_[index];
    if (next_wanted_ == 0 || !replica.owes(next_wanted_ - 1))
        return false;
    // A standby is rung after the primary has answered: it owes the unit before.
    const bool owes_newest = index == 0 || options_.pace == OB_PACE_FREE;
    // Or it has answered since the last look: of long units there is one in many blocks.
    return !replica.is_in_step(owes_newest ? next_wanted_ : next_wanted_ - 1) &&
           !replica.has_unread_answers();
}

/// With another one in step there is less to lose: nothing is heard when it goes.
std::uint64_t ReplicaSet::hang_limit_ns(std::size_t index) const noexcept
{
    if (options_.pace == OB_PACE_FREE)
        return options_.hang_limit_ns;
    bool is_covered = reserve_.load(std::memory_order_relaxed) != nullptr;
    for (std::size_t other = 0; other < active_count_; ++other)
        is_covered |= other != index && active_[other]->in_step.load(std::memory_order_relaxed);
    return is_covered ? options_.hang_limit_ns / covered_hang_divisor : options_.hang_limit_ns;
}

void ReplicaSet::let_go_of_hung(std::uint32_t late_limit) noexcept
{
    for (std::size_t index = 0; index < active_count_;) {
        if (is_late(index) &&
            active_[index]->note_late(rt::os::monotonic_ns(), late_limit, hang_limit_ns(index))) {
            demote(index, OB_CAUSE_HANG);
        } else {
            ++index;
        }
    }
}

bool ReplicaSet::reject(Replica& replica, std::uint64_t sequence) noexcept
{
    replica.bad_sequence = sequence + 1;
    ring_all();
    const auto replicas = active();
    return std::any_of(replicas.begin(), replicas.end(), [sequence](const Replica* other) {
        return other->bad_sequence != sequence + 1 && other->has_posted(sequence);
    });
}

void ReplicaSet::accept(Replica& replica, const Wanted& wanted) noexcept
{
    if (wanted_count_.load(std::memory_order_relaxed) > 1) {
        played_.note(wanted.sequence,
                     hash_frames(replica.answer_slot(), replica.shape().output_channel_count,
                                 wanted.frame_count));
    }
    oldest_wanted_ = wanted.sequence + 1;
    // release, pairs with the acquire in finite_until(): what was counted before is seen there.
    finite_until_.store(wanted.sequence + 1, std::memory_order_release);
    const bool was_exact = is_exact(replica);
    if (!has_had_source_ || is_another_source(replica))
        make_reference(replica);
    last_source_ = &replica;
    has_had_source_ = true;
    // Not known as equal, it stays the source until it misses: no switching to and fro.
    if (!was_exact && &replica != active_[0]) {
        const auto place = std::find(active_.begin(), active_.end(), &replica);
        promote(static_cast<std::size_t>(place - active_.begin()));
    }
    replica.consume();
}

}  // namespace outboard::host
