// SPDX-License-Identifier: MIT
//
// A set of replicas at free pace: nobody is skipped, and the call waits until all is well again.

#include "sdk/src/host/replica_set.hpp"

#include "rt/os/clock.hpp"

#include <algorithm>
#include <cstdint>

namespace outboard::host {

namespace {

/// How long free pace waits before it looks for signs of life.
constexpr std::uint64_t look_interval_ns = 10'000'000;

}  // namespace

bool ReplicaSet::is_whole(std::uint64_t sequence) const noexcept
{
    if (active_count_ < wanted_count_.load(std::memory_order_relaxed))
        return false;
    const auto replicas = active();
    return std::all_of(replicas.begin(), replicas.end(), [sequence](const Replica* replica) {
        return replica->is_in_step(sequence + 1);
    });
}

/// Lets newcomers in, and gives everybody what there is for them.
void ReplicaSet::pump() noexcept
{
    adopt_offers();
    for (std::size_t index = 0; index < active_count_; ++index)
        feed(index, log_->unit_count());
    ring_all();
    listen();
}

/// Whether a replica that catches up has room again.
bool ReplicaSet::can_feed() const noexcept
{
    const auto replicas = active();
    return std::any_of(replicas.begin(), replicas.end(), [this](Replica* replica) {
        return replica->next_post() < log_->next_sequence() && !replica->has_ended() &&
               replica->has_room();
    });
}

/// Waits for the whole set: every replica has answered, and none is missing. Nobody's answer is
/// that to a poison unit which no replica has survived.
Replica* ReplicaSet::take_at_free_pace(const Wanted& wanted, bool& gave_up) noexcept
{
    // However often services beat, die and come back: the call ends.
    const std::uint64_t give_up_at_ns =
        rt::os::monotonic_ns() + options_.hang_limit_ns + options_.give_up_ns;
    Replica* found = nullptr;
    for (;;) {
        pump();
        const auto ready = [&] {
            const Look look = look_for(wanted, found);
            if (look == Look::nobody && poison_.contains(wanted.sequence))
                return true;  // nor will anybody be given it
            return look == Look::found && is_whole(wanted.sequence);
        };
        const auto woken = [&] {
            return ready() || has_offers() || can_feed() || demoted_count_ != 0;
        };
        const std::uint64_t look_at_ns = rt::os::monotonic_ns() + look_interval_ns;
        static_cast<void>(caller().wait().wait(look_at_ns, woken));
        const std::uint64_t now_ns = rt::os::monotonic_ns();
        if (ready())
            return found;
        let_go_of_hung(1);
        let_go_of_those_behind();
        let_go_of_surplus();
        release_demoted();
        if (now_ns >= give_up_at_ns) {
            gave_up = true;
            let_go_of_silent(wanted.sequence);
            return nullptr;
        }
    }
}

void ReplicaSet::let_go_of_silent(std::uint64_t sequence) noexcept
{
    for (std::size_t index = 0; index < active_count_;) {
        if (active_[index]->is_in_step(sequence + 1)) {
            ++index;
        } else {
            demote(index, OB_CAUSE_HANG);
        }
    }
}

bool ReplicaSet::has_offers() const noexcept
{
    const bool has_room = active_count_ != active_.size();
    return has_room && std::any_of(offers_.begin(), offers_.end(), [](const auto& place) {
               return place.load(std::memory_order_relaxed) != nullptr;
           });
}

void ReplicaSet::keep_history_from(std::uint64_t sequence) noexcept
{
    // release, pairs with the acquire in may_append(): whoever gave the newer checkpoint has it
    // laid by before the older history goes.
    if (keep_history_from_.exchange(sequence, std::memory_order_release) != sequence &&
        waits_for_checkpoint())
        caller().raise_alarm();
}

bool ReplicaSet::may_append(std::uint32_t frame_count, std::uint64_t unit_count) const noexcept
{
    // acquire, pairs with the release in keep_history_from().
    const std::uint64_t keep_from = keep_history_from_.load(std::memory_order_acquire);
    Unit first{};
    if (!log_->get(keep_from, first) || !past_.history.reaches(first.first_frame))
        return true;  // still to come, or gone already
    return past_.history.will_reach(first.first_frame, frame_count) &&
           log_->will_keep(keep_from, unit_count, options_.event_bytes);
}

/// The unit that is played next; behind the newest, when nothing is under way.
ReplicaSet::Wanted ReplicaSet::oldest_wanted() const noexcept
{
    Unit unit{};
    static_cast<void>(log_->get(oldest_wanted_, unit));
    return {.sequence = oldest_wanted_,
            .frame_count = unit.frame_count,
            .deadline_ns = 0,
            .output_frame = output_frame_};
}

void ReplicaSet::make_room(std::uint32_t frame_count, std::uint64_t unit_count) noexcept
{
    if (options_.pace != OB_PACE_FREE || may_append(frame_count, unit_count))
        return;
    const Wanted wanted = oldest_wanted();
    const std::uint64_t started_ns = rt::os::monotonic_ns();
    std::uint64_t waited_ns = 0;
    // A whole set that gives no checkpoint (its processor fades for ever) is not waited for long.
    while (waited_ns < options_.hang_limit_ns ||
           (!is_whole(oldest_wanted_ - 1) &&
            waited_ns < options_.hang_limit_ns + options_.give_up_ns)) {
        // relaxed: a hint for the plain thread, which looks every millisecond.
        waits_for_checkpoint_.store(true, std::memory_order_relaxed);
        pump();
        Replica* found = nullptr;
        const auto woken = [&] {
            static_cast<void>(look_for(wanted, found));
            return may_append(frame_count, unit_count) || has_offers() || can_feed() ||
                   demoted_count_ != 0;
        };
        static_cast<void>(caller().wait().wait(rt::os::monotonic_ns() + look_interval_ns, woken));
        if (may_append(frame_count, unit_count))
            break;
        let_go_of_hung(1);
        let_go_of_those_behind();
        let_go_of_surplus();
        release_demoted();
        waited_ns = rt::os::monotonic_ns() - started_ns;
    }
    waits_for_checkpoint_.store(false, std::memory_order_relaxed);
}

}  // namespace outboard::host
