// SPDX-License-Identifier: MIT
//
// Replicas coming, going and being fed. Taking their answers is in replica_answers.cpp.

#include "sdk/src/host/replica_set.hpp"

#include "rt/os/clock.hpp"

#include <algorithm>
#include <utility>

namespace outboard::host {

namespace {

/// How many missed units a newcomer gets with each block, at real-time pace.
constexpr std::uint64_t catch_up_units = 8;
/// A measurement counts as "exact" after so long.
constexpr double exact_seconds = 1.0;

/// Why the blocks were late that a lost replica has not answered.
[[nodiscard]] ob_cause late_cause_of_loss(ob_cause cause) noexcept
{
    switch (cause) {
        case OB_CAUSE_HANG: return OB_CAUSE_HUNG;
        case OB_CAUSE_REMOVED: return OB_CAUSE_UNKNOWN;
        case OB_CAUSE_BEHIND: return OB_CAUSE_DSP;
        default: return OB_CAUSE_KILL;
    }
}

}  // namespace

ReplicaSet::ReplicaSet(Caller& caller, const ReplicaSetOptions& options, const UnitLog& log,
                       const Past& past, Statistics& statistics)
    : caller_(&caller),
      options_(options),
      log_(&log),
      past_(past),
      statistics_(&statistics),
      wanted_count_(options.replica_count),
      played_(log.unit_count()),
      poison_(options.input_channel_count, options.unit_frame_count_max, options.event_bytes),
      spin_(options.spin_ns),
      frames_until_exact_(static_cast<std::uint64_t>(exact_seconds * options.sample_rate_hz))
{
    OB_ASSERT(options.replica_count >= 1 && options.replica_count < capacity);
}

bool ReplicaSet::offer(Replica& replica) noexcept
{
    for (auto& place : offers_) {
        Replica* nobody = nullptr;
        // release, pairs with the acquire in adopt_offers(): the replica is complete before the
        // caller sees it.
        if (place.compare_exchange_strong(nobody, &replica, std::memory_order_release,
                                          std::memory_order_relaxed)) {
            caller().raise_alarm();
            return true;
        }
    }
    return false;
}

bool ReplicaSet::withdraw(const Replica& replica) noexcept
{
    const auto is_taken_from = [&replica](std::atomic<Replica*>& place) {
        Replica* expected = const_cast<Replica*>(&replica);
        // relaxed: the caller has not touched what was still on offer.
        return place.compare_exchange_strong(expected, nullptr, std::memory_order_relaxed);
    };
    return is_taken_from(reserve_) || std::any_of(offers_.begin(), offers_.end(), is_taken_from);
}

void ReplicaSet::offer_reserve(Replica& replica) noexcept
{
    OB_ASSERT(reserve_.load(std::memory_order_relaxed) == nullptr);
    // release, pairs with the acquire in call_reserve(): the replica stands behind its checkpoint
    // before the caller sees it.
    reserve_.store(&replica, std::memory_order_release);
    set_reserve_is_coming(false);
}

void ReplicaSet::set_reserve_is_coming(bool is_coming) noexcept
{
    // release, pairs with the acquire in expects_reserve(): who no longer sees it coming sees it
    // there.
    reserve_is_coming_.store(is_coming, std::memory_order_release);
    // Always: whether the caller waits for it cannot be told by what it last said of its primary.
    if (!is_coming)
        caller().raise_alarm();
}

void ReplicaSet::adopt_offers() noexcept
{
    // Offline nothing is left out: a newcomer also gets what is waited for.
    const std::uint64_t next_sequence =
        options_.pace == OB_PACE_FREE ? oldest_wanted_ : log_->next_sequence();
    for (auto& place : offers_) {
        if (place.load(std::memory_order_relaxed) == nullptr || active_count_ == active_.size())
            continue;
        // acquire, pairs with the release in offer().
        Replica* const replica = place.exchange(nullptr, std::memory_order_acquire);
        if (replica == nullptr)
            continue;
        const bool has_its_past = enter_stream(*replica, next_sequence);
        replica->is_trusted =
            options_.is_deterministic && replica->has_past_that_matters() && has_its_past;
        publish_exactness(*replica);
        active_[active_count_++] = replica;
    }
    publish_primary();
}

/// Settles where a newcomer begins. @return whether all the past that it needs is there
bool ReplicaSet::enter_stream(Replica& replica, std::uint64_t next_sequence) noexcept
{
    if (replica.joined_with() == JoinedWith::checkpoint) {
        replica.skip_to(replica.next_post());
        return true;
    }
    const std::uint64_t first_sequence =
        log_->first_of_the_last(next_sequence, replica.tail_frames());
    replica.skip_to(oldest_available(first_sequence));
    return replica.next_post() == first_sequence;
}

/// Nobody lives: whoever stands in reserve serves from now on, behind what a dead one has answered.
void ReplicaSet::call_reserve() noexcept
{
    if (reserve_.load(std::memory_order_relaxed) == nullptr || active_count_ == active_.size())
        return;
    if (living_count() != 0)
        return;
    // acquire, pairs with the release in offer_reserve().
    Replica* const replica = reserve_.exchange(nullptr, std::memory_order_acquire);
    if (replica == nullptr)
        return;
    const std::uint64_t first_sequence = replica->next_post();
    replica->skip_to(oldest_available(first_sequence));
    replica->is_trusted = options_.is_deterministic && replica->has_past_that_matters() &&
                          replica->next_post() == first_sequence;
    replica->is_replaying = true;
    publish_exactness(*replica);
    active_[active_count_++] = replica;
    publish_primary();
    replay(active_count_ - 1);
}

bool ReplicaSet::expects_reserve() const noexcept
{
    // acquire, pairs with the release in set_reserve_is_coming().
    return reserve_is_coming_.load(std::memory_order_acquire) ||
           reserve_.load(std::memory_order_relaxed) != nullptr;
}

std::size_t ReplicaSet::living_count() const noexcept
{
    const auto replicas = active();
    return static_cast<std::size_t>(
        std::count_if(replicas.begin(), replicas.end(),
                      [](const Replica* replica) { return !replica->has_ended(); }));
}

/// Gives it as much of what it has missed as its ring takes, and wakes it: it may have stopped
/// because its answers had not been read.
void ReplicaSet::replay(std::size_t index) noexcept
{
    feed(index, log_->unit_count());
    active_[index]->needs_ring = false;
    static_cast<void>(rt::ring(active_[index]->request_bell()));
}

void ReplicaSet::publish_primary() noexcept
{
    primary_process_id_.store(active_count_ != 0 ? active_[0]->process_id() : -1,
                              std::memory_order_relaxed);
}

void ReplicaSet::begin_block(std::uint64_t output_frame) noexcept
{
    output_frame_ = output_frame;
    adopt_offers();
    // A dead one may still have answers that nobody else has (pipelined mode): a standby may have
    // joined behind them. Without any it is let go at once, so that this block's wake goes to the
    // right one.
    const bool has_reserve = reserve_.load(std::memory_order_relaxed) != nullptr;
    for (std::size_t index = 0; index < active_count_;) {
        const bool can_go = (active_count_ > 1 || has_reserve) && active_[index]->has_ended() &&
                            !active_[index]->has_unread_answers();
        if (can_go) {
            demote(index, OB_CAUSE_CRASH);
        } else {
            ++index;
        }
    }
    call_reserve();
}

void ReplicaSet::post(std::uint64_t new_units) noexcept
{
    const bool is_free = options_.pace == OB_PACE_FREE;
    first_of_block_ = log_->next_sequence() - new_units;
    for (std::size_t index = 0; index < active_count_; ++index)
        feed(index, is_free ? log_->unit_count() : new_units + catch_up_units);
    if (is_free) {
        ring_all();
    } else {
        note_rings(rings_together_.load(std::memory_order_relaxed) ? active_count_ : 1);
    }
}

std::uint64_t ReplicaSet::oldest_available(std::uint64_t sequence) const noexcept
{
    Unit unit{};
    const std::uint64_t logged = std::min(log_->next_sequence(), log_->unit_count());
    sequence = std::max(sequence, log_->next_sequence() - logged);
    while (sequence < log_->next_sequence() &&
           (!log_->get(sequence, unit) || !past_.history.reaches(unit.first_frame)))
        ++sequence;
    return sequence;
}

void ReplicaSet::feed(std::size_t index, std::uint64_t unit_budget) noexcept
{
    Replica& replica = *active_[index];
    // A dead one gets nothing more; what it answered before is still taken.
    if (replica.has_ended() || (replica.is_behind && index != 0))
        return;
    Unit unit{};
    for (; unit_budget != 0 && replica.next_post() < log_->next_sequence(); --unit_budget) {
        const std::uint64_t sequence = replica.next_post();
        if (poison_.contains(sequence)) {
            replica.skip_one();
            continue;
        }
        if (!log_->get(sequence, unit) || !past_.history.reaches(unit.first_frame)) {
            // A standby that has missed units is none; another one joins in its place. A primary
            // goes on without them: its output is what there is.
            replica.is_behind = index != 0;
            if (replica.is_behind)
                return;
            replica.skip_to(oldest_available(sequence));
            continue;
        }
        if (replica.post(unit, past_, caller().index()) != rt::RingStatus::ok) {
            statistics_->counters.not_posted.add();
            return;  // full: it is behind, and gets it later; corrupt: its answers will show it
        }
    }
}

/// The first `replica_count` of the set are to be rung at the next flush, the primary first.
void ReplicaSet::note_rings(std::size_t replica_count) noexcept
{
    for (std::size_t index = 0; index < std::min(replica_count, active_count_); ++index) {
        if (std::exchange(active_[index]->needs_ring, false))
            caller().note_posted(active_[index]->request_bell());
    }
}

void ReplicaSet::ring_all() noexcept
{
    for (std::size_t index = 0; index < active_count_; ++index) {
        if (std::exchange(active_[index]->needs_ring, false))
            static_cast<void>(rt::ring(active_[index]->request_bell()));
    }
}

void ReplicaSet::listen() noexcept
{
    caller().wait().clear();
    for (std::size_t index = 0; index < active_count_; ++index)
        caller().wait().add(active_[index]->reply_bell(caller().index()));
}

void ReplicaSet::promote(std::size_t index) noexcept
{
    std::rotate(active_.begin(), active_.begin() + static_cast<std::ptrdiff_t>(index),
                active_.begin() + static_cast<std::ptrdiff_t>(index) + 1);
    publish_primary();
}

void ReplicaSet::demote(std::size_t index, ob_cause cause) noexcept
{
    Replica& replica = *active_[index];
    for (std::size_t next = index + 1; next < active_count_; ++next)
        active_[next - 1] = active_[next];
    --active_count_;
    // Released only at the end of the block: its reply bell may still be in the wait's list.
    demoted_[demoted_count_++] = {&replica, cause};
    replica.in_step.store(false, std::memory_order_relaxed);
    if (last_source_ == &replica)
        last_source_ = nullptr;

    report_loss(replica, index, cause);
    note_poison(replica, cause);
    settle_late_blocks(replica, cause);

    if (index == 0) {  // the best of the others takes over, and hears of it now
        for (std::size_t next = 0; next < active_count_; ++next) {
            if (active_[next]->in_step.load(std::memory_order_relaxed)) {
                promote(next);
                break;
            }
        }
        ring_all();
    }
    publish_primary();
}

/// The loss is why its blocks were late; but if a standby in step had them as well, and had been
/// rung, it is its answers that were late, and their time stamps tell why.
void ReplicaSet::settle_late_blocks(Replica& lost, ob_cause cause) noexcept
{
    const auto tell = [this](const ob_incident& late) { report(late); };
    const auto replicas = active();
    const auto standby = std::find_if(replicas.begin(), replicas.end(), [](const Replica* replica) {
        return replica->in_step.load(std::memory_order_relaxed) && !replica->needs_ring;
    });
    if (standby != replicas.end()) {
        Replica& next = **standby;
        const auto owes = [&next](std::uint64_t sequence) {
            return next.has_posted(sequence) && !next.is_in_step(sequence + 1);
        };
        lost.late_blocks().move_to(next.late_blocks(), owes, tell);
    }
    lost.late_blocks().settle_all(late_cause_of_loss(cause), tell);
}

void ReplicaSet::report_loss(const Replica& replica, std::size_t index, ob_cause cause) noexcept
{
    ob_incident incident{};
    incident.kind = index == 0 ? OB_INCIDENT_FAILOVER : OB_INCIDENT_STANDBY_LOST;
    incident.cause = cause;
    incident.process_id = replica.process_id();
    incident.detail = replica.death_detail();
    incident.sequence = log_->next_sequence() == 0 ? 0 : log_->next_sequence() - 1;
    incident.stream_frame = output_frame_;
    incident.fault_ns = replica.fault_ns.load(std::memory_order_relaxed);
    incident.detected_ns = rt::os::monotonic_ns();
    report(incident);
    if (cause != OB_CAUSE_REMOVED)
        statistics_->counters.failovers.add();
}

/// A death or a hang over a unit: at the second one nobody is given it any more.
void ReplicaSet::note_poison(const Replica& replica, ob_cause cause) noexcept
{
    // Who was struck for a test says nothing of the unit.
    const bool is_telling = (cause == OB_CAUSE_CRASH || cause == OB_CAUSE_HANG) &&
                            replica.fault_ns.load(std::memory_order_relaxed) == 0;
    const auto sequence = replica.unit_in_processor();
    if (!is_telling || !sequence || !poison_.note_death(*sequence))
        return;
    Unit unit{};
    if (log_->get(*sequence, unit))
        report_poison(replica, unit);
}

void ReplicaSet::report_poison(const Replica& replica, const Unit& unit) noexcept
{
    ob_incident incident{};
    incident.kind = OB_INCIDENT_POISON_BLOCK;
    incident.process_id = replica.process_id();
    incident.detail = replica.death_detail();
    incident.sequence = unit.sequence;
    incident.stream_frame = static_cast<std::uint64_t>(
        unit.first_frame + static_cast<std::int64_t>(options_.adaptor_latency_frames));
    incident.detected_ns = rt::os::monotonic_ns();
    report(incident);
    poison_.keep(unit, past_.history, incident.stream_frame);
}

void ReplicaSet::release_demoted() noexcept
{
    if (demoted_count_ == 0)
        return;
    caller().ring_later();  // one of them may be noted there, and its memory goes now
    for (std::size_t index = 0; index < demoted_count_; ++index)
        demoted_[index].replica->release(demoted_[index].cause);
    demoted_count_ = 0;
}

void ReplicaSet::end_block() noexcept
{
    for (std::size_t index = 0; index < active_count_; ++index) {
        if (std::exchange(active_[index]->needs_ring, false))
            caller().note_later(active_[index]->request_bell());
    }
    caller().end_insert();
    let_go_of_hung(options_.late_limit);
    let_go_of_those_behind();
    let_go_of_surplus();
    release_demoted();
    for (std::size_t index = 0; index < active_count_; ++index)
        active_[index]->prefetch_next_post();
}

void ReplicaSet::let_go_of_those_behind() noexcept
{
    for (std::size_t index = active_count_; index-- > 1;) {
        if (active_[index]->is_behind)
            demote(index, OB_CAUSE_BEHIND);
    }
}

/// Takes away standbys that are no longer wanted: first who is not in step, then the youngest. A
/// dead one that is kept for its last answers is none of them.
void ReplicaSet::let_go_of_surplus() noexcept
{
    const std::uint32_t wanted_count = wanted_count_.load(std::memory_order_relaxed);
    while (active_count_ > wanted_count && living_count() > wanted_count) {
        std::size_t chosen = active_count_ - 1;
        for (std::size_t index = active_count_; index-- > 1;) {
            if (!active_[index]->in_step.load(std::memory_order_relaxed)) {
                chosen = index;
                break;
            }
        }
        demote(chosen, OB_CAUSE_REMOVED);
    }
}

void ReplicaSet::report(const ob_incident& incident) noexcept
{
    statistics_->report(incident);
}

void ReplicaSet::report_late(const ob_incident& incident) noexcept
{
    statistics_->counters.late_replies.add();
    report(incident);
}

}  // namespace outboard::host
