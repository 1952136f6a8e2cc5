// SPDX-License-Identifier: MIT
//
// How a service that has been loaded joins the stream: with the others at its start, or later with
// as much of the past as can be had.

#include "sdk/src/host/insert.hpp"

#include <algorithm>
#include <utility>

namespace outboard::host {

/// Lets a loaded newcomer stream, with as much of the past as can be had.
void Insert::start_if_loaded(Served& served, std::uint64_t now_ns)
{
    Connection& connection = *served.connection;
    if (connection.phase() != Connection::Phase::loaded)
        return;
    served.is_from_start = stream_ == nullptr;
    if (served.is_from_start) {
        if (!spec_.is_warm() || !is_another_under_way(served))
            connection.start_lane(nullptr, now_ns);
        return;
    }
    Connection* const survivor = streaming();
    if (survivor != nullptr && survivor->has_checkpoints())
        return start_with_checkpoint(served, *survivor, now_ns);
    start_from_held(served, now_ns);
}

/// A warm standby waits for the primary's first checkpoint.
bool Insert::is_another_under_way(const Served& served) const
{
    using Phase = Connection::Phase;
    return std::any_of(served_.begin(), served_.end(), [&served](const Served& other) {
        const Phase phase = other.connection->phase();
        return &other != &served && (phase == Phase::starting || phase == Phase::streaming);
    });
}

void Insert::start_with_checkpoint(Served& served, Connection& survivor, std::uint64_t now_ns)
{
    if (served.survivor != survivor.process_id()) {
        survivor.request_checkpoint();
        served.survivor = survivor.process_id();
        return wake_if_idle(survivor);
    }
    const std::optional<Checkpoint> checkpoint = survivor.take_checkpoint();
    if (!checkpoint)
        return wake_if_idle(survivor);
    // A state that is activated behind the checkpoint is not loaded in the newcomer.
    if (!stream_->has_activated_before(checkpoint->sequence))
        return survivor.request_checkpoint();
    served.first_sequence = checkpoint->sequence + 1;
    served.is_of_exact = survivor.replica().is_exact.load(std::memory_order_relaxed);
    served.connection->start_lane(&*checkpoint, now_ns);
}

/// No replica is left: from a checkpoint that was laid by, if the history reaches back to it.
void Insert::start_from_held(Served& served, std::uint64_t now_ns)
{
    const auto point = held_ ? held_->restore_point(stream_->unit_count()) : std::nullopt;
    if (!point)
        return served.connection->start_lane(nullptr, now_ns);
    served.is_from_held = true;
    served.first_sequence = point->first_sequence;
    served.connection->start_lane(point->checkpoint, now_ns);
}

/// Tells the replica how much of the past it has.
void Insert::join(Served& served) const
{
    Replica& replica = served.connection->replica();
    if (served.first_sequence)
        return replica.join_with_checkpoint(*served.first_sequence, served.is_of_exact);
    if (served.is_from_start)
        return replica.join_from_reset(JoinedWith::stream, 0);
    const std::uint64_t tail_frames = served.connection->ready().tail_frames;
    const bool is_finite =
        (offer_.flags & OB_PROCESSOR_FINITE_MEMORY) != 0 && tail_frames != OB_TAIL_INFINITE;
    if (!is_finite)
        return replica.join_from_reset(JoinedWith::parameters, 0);
    replica.join_from_reset(JoinedWith::tail, tail_frames);
}

/// Offers what streams to the caller; at first only when all are there, so that all begin with the
/// stream's first block.
void Insert::offer_streaming()
{
    const auto is_ready = [this](const Served& served) {
        const bool can_go = !served.first_sequence || !spec_.is_warm() || reserve() == nullptr;
        return can_go && served.connection->phase() == Connection::Phase::streaming &&
               !served.is_offered;
    };
    const auto ready_count = std::count_if(served_.begin(), served_.end(), is_ready);
    if (ready_count == 0 || (stream_ == nullptr && ready_count < streaming_count()))
        return;
    for (Served& served : served_) {
        if (is_ready(served))
            offer(served);
    }
}

void Insert::offer(Served& served)
{
    Connection& connection = *served.connection;
    Failure failure = stream_ == nullptr ? make_stream(connection) : check_usable(served);
    if (failure)
        return refuse(connection, std::move(failure));
    join(served);
    supervisor_->watch({.process = &connection.link().process(),
                        .dsp_thread = &connection.link().dsp_thread(),
                        .replica = &connection.replica(),
                        .is_child = connection.is_child()});
    if (spec_.is_warm() && served.first_sequence) {
        put_in_reserve(served);
    } else {
        const bool is_offered = stream_->replicas().offer(connection.replica());
        OB_ASSERT(is_offered);  // as many places as replicas
    }
    served.is_offered = true;
    ++generation_;
}

Failure Insert::check_usable(const Served& served) const
{
    if (served.state_version != state_version_)
        return {OB_ERR_BUSY, "the state changed while a service was loading"};
    return check_same_processor(*served.connection);
}

void Insert::refuse(Connection& connection, Failure failure)
{
    if (stream_ == nullptr)
        start_failure_ = failure;
    last_failure_ = std::move(failure);
    connection.give_up();
}

Failure Insert::check_standby(const wire::ProcessorOfferT& offer)
{
    if ((offer.flags & OB_PROCESSOR_SINGLE_INSTANCE) != 0) {
        return {OB_ERR_REFUSED,
                "processor '" + offer.name + "' can run only once: no standby (use standby none)"};
    }
    if ((offer.flags & OB_PROCESSOR_SIDE_EFFECTS) != 0) {
        return {OB_ERR_REFUSED, "processor '" + offer.name +
                                    "' does more than compute: no standby (use standby none)"};
    }
    return {};
}

}  // namespace outboard::host
