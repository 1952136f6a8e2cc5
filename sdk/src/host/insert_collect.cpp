// SPDX-License-Identifier: MIT
//
// Second half of a block: the answer with the right sequence number, or the fallback.

#include "sdk/src/host/insert_stream.hpp"

#include "rt/os/clock.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

namespace outboard::host {

namespace {

/// How long free pace waits before it looks for signs of life.
constexpr std::uint64_t free_pace_look_ns = 10'000'000;

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
                .sequence = next_sequence_ - 1,
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
    const bool is_whole = piece.frame_count == piece.unit_frame_count;
    if (is_whole || held_sequence_ != piece.sequence) {
        Replica* const replica = wait_for(piece);
        held_sequence_ = piece.sequence;
        held_is_wet_ = replica != nullptr;
        if (replica == nullptr)
            return false;
        const link::Slot<const std::byte> slot = replica->answer_slot();
        for (std::uint32_t channel = 0; channel < channel_count; ++channel) {
            float* const to = is_whole ? outputs[channel] + piece.offset : held_[channel];
            held_is_wet_ &= copy_finite(slot.channel(channel), piece.unit_frame_count, to);
        }
        take_answer(piece, *replica);
        if (!held_is_wet_)
            statistics_->counters.non_finite_blocks.add();
    }
    if (!is_whole && held_is_wet_) {
        for (std::uint32_t channel = 0; channel < channel_count; ++channel)
            std::memcpy(outputs[channel] + piece.offset, held_[channel] + piece.unit_offset,
                        piece.frame_count * sizeof(float));
    }
    return held_is_wet_;
}

InsertStream::Look InsertStream::look_for(const Piece& piece, Replica*& found) noexcept
{
    bool may_come = false;
    for (std::size_t index = 0; index < active_count_;) {
        Replica& replica = *active_[index];
        const bool has_ended = replica.ended_ns() != 0;  // before the look at its rings
        const Answer answer = replica.find(piece.sequence, piece.unit_frame_count,
                                           [this](const ob_incident& late) { report(late); });
        statistics_->counters.late_replies.add(replica.take_late_replies());
        if (answer == Answer::here) {
            found = &replica;
            return Look::found;
        }
        if (answer == Answer::corrupt) {
            statistics_->counters.corrupt_replies.add();
            demote(index, OB_CAUSE_CORRUPT);
            continue;
        }
        if (has_ended) {
            demote(index, OB_CAUSE_CRASH);
            continue;
        }
        if (answer == Answer::never && replica.has_posted(piece.sequence) &&
            options_.pace == OB_PACE_FREE) {
            demote(index, OB_CAUSE_CORRUPT);  // nothing is skipped offline: it left out a block
            continue;
        }
        may_come |= answer == Answer::not_yet && replica.has_posted(piece.sequence);
        ++index;
    }
    return may_come ? Look::may_come : Look::nobody;
}

void InsertStream::listen_to_replicas() noexcept
{
    caller_->wait().clear();
    for (std::size_t index = 0; index < active_count_; ++index)
        caller_->wait().add(active_[index]->reply_bell());
}

Replica* InsertStream::wait_for(const Piece& piece) noexcept
{
    Replica* found = nullptr;
    Look look = look_for(piece, found);
    if (look != Look::found && options_.pace == OB_PACE_FREE)
        return wait_at_free_pace(piece);
    if (look == Look::nobody)
        note_full_rings(piece);
    if (look == Look::may_come) {
        listen_to_replicas();
        static_cast<void>(caller_->wait().wait(deadline_ns_, options_.spin_ns, [&] {
            look = look_for(piece, found);
            return look != Look::may_come;
        }));
        answer_seen_ns_ = rt::os::monotonic_ns();
        if (look == Look::may_come)
            note_missed_deadline(piece);
    }
    return found;
}

void InsertStream::note_missed_deadline(const Piece& piece) noexcept
{
    statistics_->counters.deadline_misses.add();
    ob_incident late{};
    late.kind = OB_INCIDENT_LATE_BLOCK;
    late.sequence = piece.sequence;
    late.stream_frame = static_cast<std::uint64_t>(output_frame(piece.offset));
    late.posted_ns = posted_ns_[piece.sequence % posted_ns_.size()];
    late.collected_ns = answer_seen_ns_;
    late.deadline_ns = deadline_ns_;
    for (std::size_t index = 0; index < active_count_;) {
        Replica& replica = *active_[index];
        late.process_id = replica.process_id();
        if (replica.has_posted(piece.sequence))
            replica.late_blocks().add(late, [this](const ob_incident& old) { report(old); });
        if (replica.note_late(answer_seen_ns_, options_.late_limit, options_.hang_limit_ns))
            demote(index, OB_CAUSE_HANG);
        else
            ++index;
    }
}

/// A service that hangs has a full ring before long; then no deadline is missed any more.
void InsertStream::note_full_rings(const Piece& piece) noexcept
{
    const std::uint64_t now_ns = rt::os::monotonic_ns();
    for (std::size_t index = 0; index < active_count_;) {
        Replica& replica = *active_[index];
        if (replica.has_no_room_for(piece.sequence) &&
            replica.note_late(now_ns, options_.late_limit, options_.hang_limit_ns))
            demote(index, OB_CAUSE_HANG);
        else
            ++index;
    }
}

Replica* InsertStream::wait_at_free_pace(const Piece& piece) noexcept
{
    // However often services beat, die and come back: the call ends.
    const std::uint64_t limit_at_ns =
        rt::os::monotonic_ns() + options_.hang_limit_ns + options_.give_up_ns;
    for (;;) {
        if (gave_up_ || (active_count_ == 0 && !wait_for_newcomer(piece.sequence)))
            return nullptr;
        Replica* found = nullptr;
        Look look = Look::may_come;
        listen_to_replicas();
        static_cast<void>(caller_->wait().wait(rt::os::monotonic_ns() + free_pace_look_ns, 0, [&] {
            look = look_for(piece, found);
            return look != Look::may_come;
        }));
        answer_seen_ns_ = rt::os::monotonic_ns();
        if (look == Look::found)
            return found;
        gave_up_ = answer_seen_ns_ >= limit_at_ns;
        if (look == Look::may_come &&
            (gave_up_ || active_[0]->note_late(answer_seen_ns_, 1, options_.hang_limit_ns)))
            demote(0, OB_CAUSE_HANG);
        if (look == Look::nobody && active_count_ != 0)
            demote(0, OB_CAUSE_CORRUPT);  // it answers, and yet its ring was too full to post
    }
}

bool InsertStream::wait_for_newcomer(std::uint64_t sequence) noexcept
{
    release_demoted();
    caller_->wait().clear();
    static_cast<void>(caller_->wait().wait(rt::os::monotonic_ns() + options_.give_up_ns, 0, [this] {
        adopt_offers();
        return active_count_ != 0;
    }));
    if (active_count_ == 0) {
        gave_up_ = true;
        return false;
    }
    repost_from(sequence, *active_[0]);
    return true;
}

void InsertStream::take_answer(const Piece& piece, Replica& replica) noexcept
{
    if (answer_seen_ns_ == 0)
        answer_seen_ns_ = rt::os::monotonic_ns();
    const link::BlockHeader& header = replica.answer();
    auto& histograms = statistics_->histograms;
    // Pipelined, the answer has been lying there: then it is its end of processing that counts.
    const bool is_pipelined = piece.sequence + 1 != next_sequence_;
    if (!is_pipelined)
        histograms[OB_HISTOGRAM_ROUND_TRIP].record(answer_seen_ns_ - post_started_ns_);
    else if (header.dsp_ended_ns > header.posted_ns)
        histograms[OB_HISTOGRAM_ROUND_TRIP].record(header.dsp_ended_ns - header.posted_ns);
    if (header.dsp_ended_ns >= header.dsp_started_ns)
        histograms[OB_HISTOGRAM_DSP].record(header.dsp_ended_ns - header.dsp_started_ns);
    take_events(piece, replica);
    replica.consume();
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
    incident.process_id = primary_process_id();
    incident.sequence = piece.sequence;
    incident.stream_frame = static_cast<std::uint64_t>(output_frame(piece.offset));
    incident.frames_lost = gap_frames_;
    incident.detected_ns = answer_seen_ns_;
    report(incident);
    gap_frames_ = 0;
}

void InsertStream::finish_block(std::uint64_t frame_count) noexcept
{
    release_demoted();
    block_events_.clear();
    const std::int64_t first = output_frame(0) - format_.adaptor_latency_frames;
    if (!events_out_.is_empty())
        events_out_.take_until(first, first + static_cast<std::int64_t>(frame_count),
                               block_events_);

    Counters& counters = statistics_->counters;
    counters.blocks.add();
    counters.frames.add(frame_count);
    counters.concealed_blocks.add(block_is_concealed_ ? 1 : 0);
    is_wet_.store(!block_is_concealed_, std::memory_order_relaxed);
    const std::uint64_t now_ns = rt::os::monotonic_ns();
    statistics_->histograms[OB_HISTOGRAM_PROCESS].record(now_ns - post_started_ns_);
    if (answer_seen_ns_ != 0) {
        const std::uint64_t own_ns =
            (post_ended_ns_ - post_started_ns_) + (now_ns - answer_seen_ns_);
        statistics_->histograms[OB_HISTOGRAM_OWN].record(own_ns);
    }
    posted_frame_count_ = 0;
}

ob_event_list InsertStream::output_events() const noexcept
{
    const auto bytes = block_events_.bytes();
    return {reinterpret_cast<const unsigned char*>(bytes.data()),
            static_cast<std::uint32_t>(bytes.size())};
}

}  // namespace outboard::host
