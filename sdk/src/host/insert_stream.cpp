// SPDX-License-Identifier: MIT
//
// What both halves of a block share: construction, replicas coming and going, incidents. Posting
// is in insert_post.cpp, collecting in insert_collect.cpp.

#include "sdk/src/host/insert_stream.hpp"

#include <cstddef>
#include <utility>

namespace outboard::host {

namespace {

/// Cuts the event memory into its five parts.
[[nodiscard]] std::span<std::byte> part(std::vector<std::byte>& memory, std::size_t index,
                                        std::size_t part_bytes) noexcept
{
    return std::span{memory}.subspan(index * part_bytes, part_bytes);
}

[[nodiscard]] std::vector<float*> channel_pointers(std::vector<float>& frames,
                                                   std::uint32_t channel_count) noexcept
{
    std::vector<float*> channels(channel_count);
    const std::size_t stride = frames.size() / channel_count;
    for (std::uint32_t channel = 0; channel < channel_count; ++channel)
        channels[channel] = frames.data() + channel * stride;
    return channels;
}

}  // namespace

InsertStream::InsertStream(Caller& caller, const InsertFormat& format, const StreamOptions& options,
                           ParameterStore& parameters, Statistics& statistics, History history)
    : caller_(&caller),
      format_(format),
      options_(options),
      parameters_(&parameters),
      statistics_(&statistics),
      history_(std::move(history)),
      stage_(format.output_channel_count, format.sample_rate_hz, options.fallback),
      held_frames_(std::size_t{format.output_channel_count} * format.unit_frame_count_max()),
      held_(channel_pointers(held_frames_, format.output_channel_count)),
      dry_frames_(std::size_t{format.output_channel_count} * format.max_frame_count),
      dry_(channel_pointers(dry_frames_, format.output_channel_count))
{
    // Timed events carry 8 more bytes each, at most half as much again for the smallest event.
    const std::size_t part_bytes = std::size_t{options.event_bytes} * 3 / 2 / 8 * 8;
    event_memory_.resize(5 * part_bytes);
    events_in_ = TimedEvents{part(event_memory_, 0, part_bytes), options.event_bytes};
    unit_events_ = link::EventWriter{part(event_memory_, 1, part_bytes).first(options.event_bytes)};
    events_out_ = TimedEvents{part(event_memory_, 2, part_bytes), part_bytes};
    block_events_ = link::EventWriter{part(event_memory_, 3, part_bytes)};
    answer_events_ = part(event_memory_, 4, part_bytes).first(options.event_bytes);
    const std::uint32_t slot_count = make_shape(format, options.event_bytes).slot_count;
    posted_ns_.resize(slot_count);
    if (options.pace == OB_PACE_FREE) {
        event_log_.resize(slot_count);
        for (auto& events : event_log_)
            events.reserve(options.event_bytes);
    }
}

ob_status InsertStream::process(const float* const* inputs, float* const* outputs,
                                std::uint32_t frame_count) noexcept
{
    const ob_status posted = post(inputs, frame_count);
    if (posted != OB_OK)
        return posted;
    caller_->flush();
    return collect(outputs);
}

bool InsertStream::offer(Replica& replica) noexcept
{
    for (auto& place : offers_) {
        Replica* nobody = nullptr;
        // release, pairs with the acquire in adopt_offers(): the replica is complete before the
        // caller sees it.
        if (place.compare_exchange_strong(nobody, &replica, std::memory_order_release,
                                          std::memory_order_relaxed)) {
            caller_->raise_alarm();
            return true;
        }
    }
    return false;
}

bool InsertStream::withdraw(const Replica& replica) noexcept
{
    for (auto& place : offers_) {
        Replica* expected = const_cast<Replica*>(&replica);
        // relaxed: the caller has not touched what was still on offer.
        if (place.compare_exchange_strong(expected, nullptr, std::memory_order_relaxed))
            return true;
    }
    return false;
}

void InsertStream::activate_state(std::uint64_t state_id) noexcept
{
    // relaxed: only the number travels; the state itself is with the services already.
    state_to_activate_.store(state_id, std::memory_order_relaxed);
}

void InsertStream::adopt_offers() noexcept
{
    for (auto& place : offers_) {
        if (place.load(std::memory_order_relaxed) == nullptr || active_count_ == active_.size())
            continue;
        // acquire, pairs with the release in offer().
        Replica* const replica = place.exchange(nullptr, std::memory_order_acquire);
        if (replica != nullptr)
            active_[active_count_++] = replica;
    }
    if (active_count_ != 0)
        primary_process_id_.store(active_[0]->process_id(), std::memory_order_relaxed);
}

void InsertStream::demote(std::size_t index, ob_cause cause) noexcept
{
    Replica& replica = *active_[index];
    for (std::size_t next = index + 1; next < active_count_; ++next)
        active_[next - 1] = active_[next];
    --active_count_;
    primary_process_id_.store(active_count_ != 0 ? active_[0]->process_id() : -1,
                              std::memory_order_relaxed);
    // Released only at the end of the block: its reply bell may still be in the wait's list.
    demoted_[demoted_count_++] = {&replica, cause};

    ob_incident incident{};
    incident.kind = OB_INCIDENT_FAILOVER;
    incident.cause = cause;
    incident.process_id = replica.process_id();
    incident.detail = replica.exit_detail.load(std::memory_order_relaxed);
    incident.sequence = next_sequence_ == 0 ? 0 : next_sequence_ - 1;
    incident.stream_frame = static_cast<std::uint64_t>(output_frame(0));
    incident.fault_ns = replica.fault_ns.load(std::memory_order_relaxed);
    incident.detected_ns = rt::os::monotonic_ns();
    report(incident);
    replica.late_blocks().settle_all(cause == OB_CAUSE_HANG ? OB_CAUSE_HUNG : OB_CAUSE_KILL,
                                     [this](const ob_incident& late) { report(late); });
    statistics_->counters.failovers.add();
}

void InsertStream::release_demoted() noexcept
{
    for (std::size_t index = 0; index < demoted_count_; ++index)
        demoted_[index].replica->release(demoted_[index].cause);
    demoted_count_ = 0;
}

void InsertStream::report(const ob_incident& incident) noexcept
{
    if (!statistics_->incidents.push(incident))
        statistics_->counters.incidents_dropped.add();
}

std::int64_t InsertStream::output_frame(std::uint32_t offset) const noexcept
{
    return history_.end_frame() - posted_frame_count_ + offset;
}

}  // namespace outboard::host
