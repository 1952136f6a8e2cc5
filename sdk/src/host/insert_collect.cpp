// SPDX-License-Identifier: MIT
//
// Second half of a block: the answer with the right sequence number, or the fallback.

#include "sdk/src/host/insert_stream.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

namespace outboard::host {

namespace {

/// Copies frames and tells whether all of them are finite.
[[nodiscard]] bool copy_finite(const float* from, std::uint32_t frame_count, float* to) noexcept
{
    constexpr std::uint32_t exponent_bits = 0x7f800000u;
    std::uint32_t non_finite = 0;
    for (std::uint32_t frame = 0; frame < frame_count; ++frame) {
        const float value = from[frame];
        const auto bits = std::bit_cast<std::uint32_t>(value);
        non_finite |= static_cast<std::uint32_t>((bits & exponent_bits) == exponent_bits);
        to[frame] = value;
    }
    return non_finite == 0;
}

}  // namespace

ob_status InsertStream::collect(float* const* outputs) noexcept
{
    if (inside_.test_and_set(std::memory_order_acquire))
        return OB_ERR_BUSY;
    const std::uint32_t frame_count = posted_frame_count_;
    if (frame_count == 0) {
        inside_.clear(std::memory_order_release);
        return OB_ERR_INVALID_ARGUMENT;
    }
    block_is_concealed_ = false;
    prefetch_accounts();
    const std::int64_t first = output_frame(0) - format_.adaptor_latency_frames;
    for (std::uint32_t offset = 0; offset < frame_count;) {
        const Piece piece = piece_at(first + offset, offset, frame_count);
        const bool is_wet = fetch(piece, outputs);
        render(piece, outputs, is_wet);
        account(piece, is_wet);
        offset += piece.frame_count;
    }
    finish_block(frame_count);
    inside_.clear(std::memory_order_release);
    if (gave_up_)
        return OB_ERR_GAVE_UP;
    return block_is_concealed_ ? OB_CONCEALED : OB_OK;
}

/// In a stream at its pace all that a block touches has left the cache: it comes back while the
/// services work.
void InsertStream::prefetch_accounts() const noexcept
{
    for (const rt::Histogram& histogram : statistics_->histograms)
        histogram.prefetch();
    rt::prefetch_for_write(&statistics_->counters, sizeof(Counters));
    stage_.prefetch(posted_frame_count_);
}

InsertStream::Piece InsertStream::piece_at(std::int64_t frame, std::uint32_t offset,
                                           std::uint32_t frame_count) const noexcept
{
    const std::uint32_t left = frame_count - offset;
    if (frame < 0) {  // before the stream's start the answer is silence, and no unit
        const auto lead_in = static_cast<std::uint32_t>(std::min<std::int64_t>(-frame, left));
        return {.offset = offset,
                .frame_count = lead_in,
                .sequence = 0,
                .unit_first_frame = frame,
                .unit_frame_count = 0,
                .unit_offset = 0};
    }
    if (format_.unit_frame_count == 0) {
        return {.offset = offset,
                .frame_count = left,
                .sequence = log_.next_sequence() - 1,
                .unit_first_frame = frame,
                .unit_frame_count = left,
                .unit_offset = 0};
    }
    const std::uint32_t unit = format_.unit_frame_count;
    const auto unit_offset = static_cast<std::uint32_t>(frame % unit);
    return {.offset = offset,
            .frame_count = std::min(left, unit - unit_offset),
            .sequence = static_cast<std::uint64_t>(frame / unit),
            .unit_first_frame = frame - unit_offset,
            .unit_frame_count = unit,
            .unit_offset = unit_offset};
}

bool InsertStream::fetch(const Piece& piece, float* const* outputs) noexcept
{
    const std::uint32_t channel_count = format_.output_channel_count;
    if (piece.unit_frame_count == 0) {
        for (std::uint32_t channel = 0; channel < channel_count; ++channel)
            std::fill_n(outputs[channel] + piece.offset, piece.frame_count, 0.0f);
        return true;
    }
    if (piece.frame_count == piece.unit_frame_count)
        return fetch_unit(piece, outputs, piece.offset);
    if (held_sequence_ != piece.sequence) {
        held_sequence_ = piece.sequence;
        held_is_wet_ = fetch_unit(piece, held_.data(), 0);
    }
    if (held_is_wet_) {
        for (std::uint32_t channel = 0; channel < channel_count; ++channel) {
            std::memcpy(outputs[channel] + piece.offset, held_[channel] + piece.unit_offset,
                        piece.frame_count * sizeof(float));
        }
    }
    return held_is_wet_;
}

/// Copies a whole unit from whoever answers it. @return false when nobody does, with finite frames
bool InsertStream::fetch_unit(const Piece& piece, float* const* to, std::uint32_t offset) noexcept
{
    const ReplicaSet::Wanted wanted{
        .sequence = piece.sequence,
        .frame_count = piece.unit_frame_count,
        .deadline_ns = deadline_ns_,
        .output_frame = static_cast<std::uint64_t>(output_frame(piece.offset))};
    bool may_try = !gave_up_;
    bool was_rejected = false;
    while (may_try) {
        const ReplicaSet::Taken taken = replicas_.take(wanted);
        gave_up_ |= taken.gave_up;
        if (taken.has_waited || answer_seen_ns_ == 0)
            answer_seen_ns_ = caller_->now_ns();
        if (taken.replica == nullptr)
            break;
        const link::Slot<const std::byte> slot = taken.replica->answer_slot();
        bool is_finite = true;
        for (std::uint32_t channel = 0; channel < format_.output_channel_count; ++channel) {
            is_finite &=
                copy_finite(slot.channel(channel), piece.unit_frame_count, to[channel] + offset);
        }
        if (is_finite) {
            non_finite_in_a_row_ = 0;
            if (taken.is_another_source)
                stage_.switch_source();
            take_answer(piece, *taken.replica);
            replicas_.accept(*taken.replica, wanted);
            return true;
        }
        statistics_->counters.non_finite_blocks.add();
        was_rejected = true;
        may_try = replicas_.reject(*taken.replica, piece.sequence);
    }
    if (was_rejected)
        note_non_finite_unit(piece);
    return false;
}

/// All replicas gave NaN or infinity: what has got into a feedback path stays there, until all that
/// the processor remembers is cleared.
void InsertStream::note_non_finite_unit(const Piece& piece) noexcept
{
    constexpr std::uint32_t units_until_reset = 3;
    if (++non_finite_in_a_row_ < units_until_reset)
        return;
    non_finite_in_a_row_ = 0;
    is_to_reset_ = true;
    statistics_->counters.resets.add();
    ob_incident incident{};
    incident.kind = OB_INCIDENT_RESET;
    incident.process_id = replicas_.primary_process_id();
    incident.sequence = piece.sequence;
    incident.stream_frame = static_cast<std::uint64_t>(output_frame(piece.offset));
    incident.detected_ns = caller_->now_ns();
    statistics_->report(incident);
}

void InsertStream::take_answer(const Piece& piece, const Replica& replica) noexcept
{
    const link::BlockHeader& header = replica.answer();
    auto& histograms = statistics_->histograms;
    // Pipelined, the answer has been lying there: then it is its end of processing that counts.
    const bool is_pipelined = piece.sequence + 1 != log_.next_sequence();
    if (!is_pipelined) {
        histograms[OB_HISTOGRAM_ROUND_TRIP].record(answer_seen_ns_ - post_started_ns_);
    } else if (header.dsp_ended_ns > header.posted_ns) {
        histograms[OB_HISTOGRAM_ROUND_TRIP].record(header.dsp_ended_ns - header.posted_ns);
    }
    if (header.dsp_ended_ns >= header.dsp_started_ns)
        histograms[OB_HISTOGRAM_DSP].record(header.dsp_ended_ns - header.dsp_started_ns);
    dsp_started_ns_ = header.dsp_started_ns;
    dsp_ended_ns_ = header.dsp_ended_ns;
    take_events(piece, replica);
}

void InsertStream::take_events(const Piece& piece, const Replica& replica) noexcept
{
    const std::size_t size_bytes =
        std::min<std::size_t>(replica.answer().event_bytes, answer_events_.size());
    if (size_bytes == 0)
        return;
    std::memcpy(answer_events_.data(), replica.answer_slot().events().data(), size_bytes);
    const std::size_t valid_bytes =
        link::valid_event_bytes(answer_events_.first(size_bytes), piece.unit_frame_count);
    const std::int64_t unit_first = piece.unit_first_frame;
    for (std::size_t offset = 0; offset < valid_bytes;) {
        const auto& event =
            *reinterpret_cast<const ob_event_header*>(answer_events_.data() + offset);
        if (events_out_.append(event, unit_first) != OB_OK)
            statistics_->counters.events_dropped.add();
        offset += event.size_bytes;
    }
}

void InsertStream::render(const Piece& piece, float* const* outputs, bool is_wet) noexcept
{
    if (stage_.reads_dry(is_wet)) {
        const std::int64_t dry_first = output_frame(piece.offset) - format_.latency_frames();
        for (std::uint32_t channel = 0; channel < format_.output_channel_count; ++channel) {
            const std::uint32_t source = std::min(channel, format_.input_channel_count - 1);
            history_.copy(source, dry_first, piece.frame_count, dry_[channel]);
        }
    }
    stage_.render(outputs, piece.offset, piece.frame_count, is_wet, dry_.data());
}

void InsertStream::account(const Piece& piece, bool is_wet) noexcept
{
    if (!is_wet) {
        statistics_->counters.frames_lost.add(piece.frame_count);
        gap_frames_ += piece.frame_count;
        block_is_concealed_ = true;
        return;
    }
    if (gap_frames_ == 0)
        return;
    ob_incident incident{};
    incident.kind = OB_INCIDENT_WET_AGAIN;
    incident.process_id = replicas_.primary_process_id();
    incident.sequence = piece.sequence;
    incident.stream_frame = static_cast<std::uint64_t>(output_frame(piece.offset));
    incident.frames_lost = gap_frames_;
    incident.detected_ns = answer_seen_ns_;
    statistics_->report(incident);
    gap_frames_ = 0;
}

void InsertStream::finish_block(std::uint64_t frame_count) noexcept
{
    replicas_.end_block();
    block_events_.clear();
    const std::int64_t first = output_frame(0) - format_.adaptor_latency_frames;
    if (!events_out_.is_empty()) {
        events_out_.take_until(first, first + static_cast<std::int64_t>(frame_count),
                               block_events_);
    }

    Counters& counters = statistics_->counters;
    counters.blocks.add();
    counters.frames.add(frame_count);
    counters.concealed_blocks.add(block_is_concealed_ ? 1 : 0);
    is_wet_.store(!block_is_concealed_, std::memory_order_relaxed);
    const std::uint64_t now_ns = caller_->now_ns();
    statistics_->histograms[OB_HISTOGRAM_PROCESS].record(now_ns - post_started_ns_);
    if (answer_seen_ns_ != 0) {
        const std::uint64_t own_ns =
            (post_ended_ns_ - post_started_ns_) + (now_ns - answer_seen_ns_);
        statistics_->histograms[OB_HISTOGRAM_OWN].record(own_ns);
    }
    posted_frame_count_ = 0;
}

ob_block_times InsertStream::block_times() const noexcept
{
    return {.started_ns = post_started_ns_,
            .posted_ns = post_ended_ns_,
            .dsp_started_ns = dsp_started_ns_,
            .dsp_ended_ns = dsp_ended_ns_,
            .seen_ns = answer_seen_ns_};
}

ob_event_list InsertStream::output_events() const noexcept
{
    const auto bytes = block_events_.bytes();
    return {reinterpret_cast<const unsigned char*>(bytes.data()),
            static_cast<std::uint32_t>(bytes.size())};
}

}  // namespace outboard::host
