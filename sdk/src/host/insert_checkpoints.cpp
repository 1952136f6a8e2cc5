// SPDX-License-Identifier: MIT
//
// Laying checkpoints by while the stream runs, for the time when all replicas are lost.

#include "sdk/src/host/insert.hpp"

#include "rt/os/clock.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace outboard::host {

void Insert::hold_checkpoints(std::uint64_t now_ns)
{
    if (!held_)
        return;
    ReplicaSet& replicas = stream_->replicas();
    const std::uint64_t finite_until = replicas.finite_until();  // before the look for others
    const std::uint64_t non_finite_count = statistics_.counters.non_finite_blocks.get();
    if (std::exchange(seen_non_finite_count_, non_finite_count) != non_finite_count)
        held_->distrust_taken();
    held_->note_finite(finite_until);
    if (Connection* const source = checkpoint_source())
        fetch_checkpoint(*source, now_ns);
    if (replicas.waits_for_checkpoint())
        held_->make_room();
    const Served* const in_reserve = reserve();
    replicas.keep_history_from(in_reserve != nullptr
                                   ? std::min(held_->keep_from(), *in_reserve->first_sequence)
                                   : held_->keep_from());
    const std::uint64_t unit_count = stream_->unit_count();
    if (std::exchange(seen_unit_count_, unit_count) != unit_count)
        seen_units_at_ns_ = now_ns;
}

void Insert::fetch_checkpoint(Connection& source, std::uint64_t now_ns)
{
    if (asked_process_ != source.process_id()) {
        const bool is_due = held_->is_due(stream_->unit_count(), now_ns) ||
                            stream_->replicas().waits_for_checkpoint();
        if (!is_due)
            return;
        source.request_checkpoint();
        asked_process_ = source.process_id();
        return wake_if_idle(source);
    }
    const std::uint64_t started_ns = rt::os::monotonic_ns();
    std::optional<Checkpoint> checkpoint = source.take_checkpoint();
    if (!checkpoint)
        return wake_if_idle(source);
    asked_process_ = -1;
    const std::uint64_t ended_ns = rt::os::monotonic_ns();
    if (stream_->has_activated_before(checkpoint->sequence)) {
        held_->add(std::move(*checkpoint), ended_ns - started_ns, ended_ns);
    }
}

/// In a pause of the stream the DSP thread sleeps: woken, it writes the state after the last block.
/// While blocks come they wake it, and a hundred inserts of a process do not. A render that waits
/// for the checkpoint pauses at once.
void Insert::wake_if_idle(Connection& source) const
{
    constexpr std::uint64_t pause_ns = 20'000'000;
    const bool is_free = spec_.config.pace == OB_PACE_FREE;
    const bool is_still = seen_unit_count_ == stream_->unit_count();
    if (is_still && (is_free || rt::os::monotonic_ns() - seen_units_at_ns_ >= pause_ns))
        source.link().ring();
}

/// Rather a standby, whose time is not at stake, if it is known to be equal.
Connection* Insert::checkpoint_source() const noexcept
{
    const std::int32_t primary = stream_->replicas().primary_process_id();
    Connection* best = nullptr;
    for (const Served& served : served_) {
        if (!served.is_offered || is_lost(served) || !served.connection->has_checkpoints())
            continue;
        const Replica& replica = served.connection->replica();
        const bool is_primary = served.connection->process_id() == primary;
        const bool is_exact = replica.is_exact.load(std::memory_order_relaxed);
        if (!replica.in_step.load(std::memory_order_relaxed))
            continue;
        if ((!is_primary && is_exact) || (is_primary && best == nullptr))
            best = served.connection.get();
    }
    return best;
}

std::uint64_t Insert::checkpoint_due_ns(std::uint64_t now_ns) const noexcept
{
    if (!held_)
        return rt::os::no_deadline_ns;
    constexpr std::uint64_t look_interval_ns = 1'000'000;
    constexpr std::uint64_t idle_interval_ns = 10'000'000;
    const bool is_free = spec_.config.pace == OB_PACE_FREE;
    const bool is_idle = seen_unit_count_ == stream_->unit_count();
    if (is_free)
        return now_ns + (is_idle && asked_process_ < 0 ? idle_interval_ns : look_interval_ns);
    const std::uint64_t interval_ns =
        spec_.is_warm() && !is_idle ? look_interval_ns : idle_interval_ns;
    if (asked_process_ >= 0)
        return now_ns + interval_ns;
    return std::max(held_->due_ns(), now_ns + interval_ns);
}

}  // namespace outboard::host
