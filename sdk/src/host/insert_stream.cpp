// SPDX-License-Identifier: MIT
//
// What both halves of a block share. Posting is in insert_post.cpp, collecting in
// insert_collect.cpp.

#include "sdk/src/host/insert_stream.hpp"

#include <algorithm>
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

/// Units that cover the history, if all are of full length.
[[nodiscard]] std::uint64_t log_units(const InsertFormat& format, const History& history,
                                      std::uint32_t event_bytes) noexcept
{
    const std::uint64_t units = history.capacity_frames() / format.unit_frame_count_max() + 1;
    return std::max<std::uint64_t>(units, make_shape(format, event_bytes).slot_count);
}

/// Few units carry many events: room for full ones of some, or a little for each.
[[nodiscard]] std::size_t log_event_bytes(std::uint64_t unit_count,
                                          std::uint32_t event_bytes) noexcept
{
    constexpr std::size_t full_units = 32;
    constexpr std::size_t usual_bytes = 64;
    return std::max<std::size_t>(full_units * event_bytes, unit_count * usual_bytes) + event_bytes;
}

/// What the set has to know of the units.
[[nodiscard]] ReplicaSetOptions of_this_stream(const StreamOptions& options,
                                               const InsertFormat& format) noexcept
{
    ReplicaSetOptions replicas = options.replicas;
    replicas.event_bytes = options.event_bytes;
    replicas.input_channel_count = format.input_channel_count;
    replicas.unit_frame_count_max = format.unit_frame_count_max();
    replicas.adaptor_latency_frames = format.adaptor_latency_frames;
    return replicas;
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
      log_(log_units(format, history_, options.event_bytes),
           log_event_bytes(log_units(format, history_, options.event_bytes), options.event_bytes)),
      replicas_(caller, of_this_stream(options, format), log_,
                {.history = history_, .parameters = parameters, .journal = journal_}, statistics),
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

ob_status InsertStream::set_caller(Caller& caller) noexcept
{
    // acquire, pairs with the release of the block before, on the other caller's thread.
    if (inside_.test_and_set(std::memory_order_acquire))
        return OB_ERR_BUSY;
    const bool is_allowed = posted_frame_count_ == 0;
    if (is_allowed && caller_ != &caller) {
        caller_ = &caller;
        cycle_ = 0;  // in none of its cycles yet
        replicas_.set_caller(caller);
    }
    inside_.clear(std::memory_order_release);
    return is_allowed ? OB_OK : OB_ERR_INVALID_ARGUMENT;
}

void InsertStream::activate_state(std::uint64_t state_id) noexcept
{
    // relaxed: only the number travels; the state itself is with the services already.
    state_to_activate_.store(state_id, std::memory_order_relaxed);
}

std::int64_t InsertStream::output_frame(std::uint32_t offset) const noexcept
{
    return history_.end_frame() - posted_frame_count_ + offset;
}

}  // namespace outboard::host
