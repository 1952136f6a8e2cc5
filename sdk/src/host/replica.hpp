// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// One lane of one service as the caller sees it: where units are posted and answers found.
///
/// Life of a replica, and who makes each step:
///     made and offered         plain thread (Insert)       ReplicaSet::offer()
///     posted to, read          caller
///     said to be dying         the service itself, by its life word: input, believed at once
///     its DSP thread ended     supervisor
///     ended_ns set             supervisor, at the death of the process (or the plain thread, when
///                              a found service hangs up)
///     released, with a cause   caller: it will never touch the lane again
///     unmapped and destroyed   plain thread, only after it was released

#include "rt/path/bell.hpp"
#include "sdk/src/host/history.hpp"
#include "sdk/src/host/journal.hpp"
#include "sdk/src/host/late_blocks.hpp"
#include "sdk/src/host/parameter_store.hpp"
#include "sdk/src/host/unit_log.hpp"
#include "sdk/src/link/lane_memory.hpp"

#include <outboard/host.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace outboard::host {

/// Where a lane's memory and bells lie; they outlive the replica.
struct LanePorts {
    link::HostLane lane;
    std::uint32_t lane_number;  ///< in its link
    rt::Bell* request;
    std::span<rt::Bell> replies;  ///< by the caller's index
    const link::Beat* dsp_beat;
    const std::atomic<std::uint64_t>* in_progress;
    const link::LifeWord* life;
};

/// What a replica knew of the stream when it joined.
enum class JoinedWith : std::uint8_t {
    stream,      ///< it was there from the first block
    checkpoint,  ///< the whole state of another replica
    tail,        ///< the frames that its output can depend on
    parameters,  ///< no more than those
};

enum class Answer : std::uint8_t {
    here,  ///< answer() and answer_slot() hold it
    not_yet,
    never,    ///< a later unit was answered instead
    corrupt,  ///< the service broke the protocol
};

/// What replicas are fed from.
struct Past {
    const History& history;
    const ParameterStore& parameters;
    const Journal& journal;
};

class Replica {
public:
    Replica(const LanePorts& ports, std::int32_t process_id) noexcept
        : ports_(ports),
          process_id_(process_id)
    {}

    // ---- plain thread, before it is offered ----

    /// It goes on behind a checkpoint that was taken after the unit before `first_sequence`.
    /// @param is_of_exact  whether it was taken of one whose output is the same as what is played
    void join_with_checkpoint(std::uint64_t first_sequence, bool is_of_exact) noexcept
    {
        joined_with_ = JoinedWith::checkpoint;
        has_past_that_matters_ = is_of_exact;
        next_post_ = first_sequence;
        knows_parameters_ = true;
    }
    /// It begins with the next unit that is to be played, and the units that hold the last
    /// `tail_frames` before that.
    void join_from_reset(JoinedWith knowledge, std::uint64_t tail_frames) noexcept
    {
        joined_with_ = knowledge;
        has_past_that_matters_ = knowledge != JoinedWith::parameters;
        tail_frames_ = tail_frames;
    }

    // ---- caller ----

    /// The unit that post() is to be given next.
    [[nodiscard]] std::uint64_t next_post() const noexcept { return next_post_; }
    [[nodiscard]] std::uint64_t tail_frames() const noexcept { return tail_frames_; }
    /// First act of the caller, and when units are missing: nothing before `sequence` is posted,
    /// nor its answer waited for.
    void skip_to(std::uint64_t sequence) noexcept
    {
        first_posted_ = sequence;
        next_post_ = sequence;
        answered_until_ = std::max(answered_until_, sequence);
    }

    /// Leaves out the unit that post() is to be given next; it counts as answered when all before
    /// it are.
    void skip_one() noexcept
    {
        skipped_ = next_post_++;
        if (answered_until_ == skipped_)
            answered_until_ = next_post_;
    }

    /// Whether post() would find room now.
    [[nodiscard]] bool has_room() noexcept
    {
        return ports_.lane.input().reserve() == rt::RingStatus::ok;
    }
    /// Copies one unit from the history into the lane; the request bell is to be rung afterwards.
    /// The first units also carry every parameter that was ever set, and then what the journal
    /// has, unless it knows them.
    /// @pre    unit.sequence == next_post()
    /// @rt     wait-free, O(frames)
    /// @param caller_index  who is rung for the answer
    [[nodiscard]] rt::RingStatus post(const Unit& unit, const Past& past,
                                      std::uint32_t caller_index) noexcept;

    /// Looks for the answer to a unit, discarding older ones by their sequence number.
    /// @param discard  called with each older answer, while its slot is still there
    /// @param report   called with late blocks whose cause has become known
    /// @rt     wait-free, O(slots)
    template <typename Discard, typename Report>
    [[nodiscard]] Answer find(std::uint64_t sequence, std::uint32_t frame_count, Discard&& discard,
                              Report&& report) noexcept
    {
        if (has_broken_rules_)
            return Answer::corrupt;
        for (std::uint32_t seen = 0; seen <= ports_.lane.shape().slot_count; ++seen) {
            const rt::RingStatus status = ports_.lane.output().poll();
            if (status == rt::RingStatus::empty)
                return Answer::not_yet;
            if (status == rt::RingStatus::corrupt)
                return Answer::corrupt;
            ports_.lane.prefetch_output();
            answer_ = ports_.lane.output_slot().header();  // copied once, checked as a copy
            // What was never posted, or is answered a second time, is no answer.
            if (!posted_any_ || answer_.sequence < next_answer_ || answer_.sequence >= next_post_)
                return Answer::corrupt;
            note_answered(answer_.sequence);
            late_.answer(answer_, report);
            if (answer_.sequence > sequence)
                return Answer::never;
            if (answer_.sequence == sequence)
                return answer_.frame_count == frame_count ? Answer::here : Answer::corrupt;
            discard();
            if (has_broken_rules_)
                return Answer::corrupt;
            consume();
        }
        return Answer::not_yet;
    }
    /// The answer that find() is about to discard, or has found, makes no sense.
    void note_broken_rules() noexcept { has_broken_rules_ = true; }
    [[nodiscard]] const link::BlockHeader& answer() const noexcept { return answer_; }
    [[nodiscard]] link::Slot<const std::byte> answer_slot() const noexcept
    {
        return ports_.lane.output_slot();
    }
    [[nodiscard]] const link::LinkShape& shape() const noexcept { return ports_.lane.shape(); }
    /// While there is time: fetches the lines that the next unit will be written to.
    void prefetch_next_post() const noexcept { ports_.lane.prefetch_input(); }
    /// Whether answers lie in the ring that have not been looked at or consumed.
    [[nodiscard]] bool has_unread_answers() noexcept
    {
        return ports_.lane.output().poll() == rt::RingStatus::ok;
    }
    /// Gives the answer's slot back.
    void consume() noexcept
    {
        next_answer_ = answer_.sequence + 1;
        ports_.lane.output().release();
    }

    /// Whether it has answered anything: a newcomer may owe nothing yet, and be slow all the same.
    [[nodiscard]] bool has_answered() const noexcept { return has_answered_; }
    /// Whether all units up to the one before `sequence` have been answered.
    [[nodiscard]] bool is_in_step(std::uint64_t sequence) const noexcept
    {
        return answered_until_ >= sequence;
    }
    /// Notes that an answer is due and has not come.
    /// @return whether the service counts as hung: `late_limit` looks in a row and `hang_limit_ns`
    ///         without a beat
    [[nodiscard]] bool note_late(std::uint64_t now_ns, std::uint32_t late_limit,
                                 std::uint64_t hang_limit_ns) noexcept;

    [[nodiscard]] LateBlocks& late_blocks() noexcept { return late_; }
    [[nodiscard]] rt::Bell& request_bell() const noexcept { return *ports_.request; }
    [[nodiscard]] rt::Bell& reply_bell(std::uint32_t caller_index) const noexcept
    {
        return ports_.replies[caller_index];
    }
    /// Whether the unit was, or still is, to be answered by this replica.
    [[nodiscard]] bool owes(std::uint64_t sequence) const noexcept
    {
        return sequence >= first_posted_;
    }
    [[nodiscard]] bool has_posted(std::uint64_t sequence) const noexcept
    {
        return posted_any_ && sequence >= first_posted_ && sequence < next_post_ &&
               sequence != skipped_;
    }

    /// Whether no further answer is to be hoped for: its process or its DSP thread has ended, or it
    /// says that it is dying. What it had published before is seen by the look at its rings that
    /// follows.
    /// @rt three loads
    [[nodiscard]] bool has_ended() const noexcept
    {
        return has_thread_ended() || ended_ns() != 0 || says_dying();
    }
    /// Minus the signal or the exit code, as far as it is known.
    [[nodiscard]] std::int32_t death_detail() const noexcept
    {
        return has_thread_ended() || ended_ns() != 0 ? exit_detail.load(std::memory_order_relaxed)
                                                     : link::death_detail(life());
    }

    /// The unit that is, or was at its death, in its processor, by its own word.
    /// @rt one load
    [[nodiscard]] std::optional<std::uint64_t> unit_in_processor() const noexcept
    {
        // acquire, pairs with the release in service::LaneRunner::run_one(): of a dead service this
        // is the last that it wrote.
        const std::uint64_t word = ports_.in_progress->load(std::memory_order_acquire);
        const auto block = link::BlockInProgress::of(word);
        const bool is_ours = word != 0 && block.lane == ports_.lane_number;
        return is_ours && has_posted(block.sequence) ? std::optional{block.sequence} : std::nullopt;
    }
    [[nodiscard]] std::uint32_t lane_number() const noexcept { return ports_.lane_number; }

    /// The caller's last act on this replica.
    void release(ob_cause cause) noexcept
    {
        // release, pairs with the acquire in release_cause(): all our accesses to the lane come
        // before it is unmapped.
        released_.store(static_cast<std::uint32_t>(cause) + 1, std::memory_order_release);
    }

    bool needs_ring = false;         ///< posted to since it was rung
    std::uint64_t bad_sequence = 0;  ///< the unit + 1 that it answered with NaN or infinity
    std::uint64_t equal_frames = 0;  ///< compared with what was played, equal, in a row
    bool is_trusted = false;         ///< equal to what is played without having been measured
    bool has_diverged = false;       ///< compared and not equal, and not exact again since
    bool is_behind = false;          ///< further than the history reaches back
    bool is_replaying = false;       ///< called in from the reserve: it has not had all units yet

    // ---- supervisor and plain thread ----

    /// The process has ended; wakes a caller that waits for its answer. @thread supervisor
    void mark_ended(std::uint64_t now_ns) noexcept
    {
        // release, pairs with the acquire in ended_ns().
        ended_ns_.store(now_ns, std::memory_order_release);
        ring_all_callers();
    }
    /// Its DSP thread has ended, and so will its process; wakes the caller. @thread supervisor
    void mark_thread_ended() noexcept
    {
        // release, pairs with the acquire in has_thread_ended().
        thread_ended_.store(true, std::memory_order_release);
        ring_all_callers();
    }
    [[nodiscard]] bool has_thread_ended() const noexcept
    {
        // acquire, pairs with the release in mark_thread_ended(): as in ended_ns().
        return thread_ended_.load(std::memory_order_acquire);
    }
    /// When the process ended, 0 while it lives. @thread any
    [[nodiscard]] std::uint64_t ended_ns() const noexcept
    {
        // acquire, pairs with the release in mark_ended(): whatever the dead process published
        // is seen by the look at its rings that follows.
        return ended_ns_.load(std::memory_order_acquire);
    }
    /// The service's own word, true or not. @thread any
    [[nodiscard]] bool says_dying() const noexcept { return life() != 0; }
    [[nodiscard]] bool is_released() const noexcept
    {
        return released_.load(std::memory_order_acquire) != 0;
    }
    /// @pre is_released()
    [[nodiscard]] ob_cause release_cause() const noexcept
    {
        return static_cast<ob_cause>(released_.load(std::memory_order_acquire) - 1);
    }
    /// Let go of though nothing is wrong with its process, which may have other lanes.
    [[nodiscard]] bool is_released_well() const noexcept
    {
        return is_released() &&
               (release_cause() == OB_CAUSE_REMOVED || release_cause() == OB_CAUSE_BEHIND);
    }
    [[nodiscard]] std::int32_t process_id() const noexcept { return process_id_; }
    [[nodiscard]] JoinedWith joined_with() const noexcept { return joined_with_; }
    /// Whether its output can be the same as that of a replica that was there from the start.
    [[nodiscard]] bool has_past_that_matters() const noexcept { return has_past_that_matters_; }

    /// When ob_insert_inject_fault() struck, 0 if never. Written by that call, read by the caller.
    std::atomic<std::uint64_t> fault_ns{0};
    /// Exit code, or minus the signal; written before mark_thread_ended() and mark_ended().
    std::atomic<std::int32_t> exit_detail{0};
    /// What the caller has found, for the status. Written by the caller only.
    std::atomic<bool> in_step{false};
    std::atomic<bool> is_exact{false};
    std::atomic<bool> is_diverged{false};

private:
    [[nodiscard]] std::uint32_t life() const noexcept
    {
        // acquire, pairs with the release in service::LastWords::say(): as in ended_ns().
        return ports_.life->load(std::memory_order_acquire);
    }
    /// The insert may be on its way from one caller to another.
    void ring_all_callers() const noexcept
    {
        for (rt::Bell& reply : ports_.replies)
            rt::ring_for_dead(reply);
    }
    void write_events(link::Slot<std::byte>& slot, const Unit& unit, const Past& past) noexcept;
    void note_answered(std::uint64_t sequence) noexcept
    {
        if (sequence + 1 <= answered_until_)
            return;
        answered_until_ = sequence + 1;
        has_answered_ = true;
        if (answered_until_ == skipped_)
            ++answered_until_;
        late_in_a_row_ = 0;
    }

    LanePorts ports_;
    std::int32_t process_id_;
    JoinedWith joined_with_ = JoinedWith::stream;
    bool has_past_that_matters_ = true;
    std::uint64_t tail_frames_ = 0;

    // caller only
    link::BlockHeader answer_{};
    LateBlocks late_;
    std::uint64_t next_answer_ = 0;  ///< no later answer has a smaller sequence number
    std::uint64_t first_posted_ = 0;
    std::uint64_t next_post_ = 0;
    bool posted_any_ = false;
    bool has_broken_rules_ = false;     ///< found elsewhere than in find(), which then says so
    std::uint64_t answered_until_ = 0;  ///< newest answered unit + 1
    bool has_answered_ = false;
    std::uint64_t skipped_ = ~std::uint64_t{0};  ///< the last unit that it was not given
    bool knows_parameters_ = false;
    std::size_t next_parameter_ = 0;  ///< parameters before this one have been told
    bool knows_journal_ = false;
    std::uint32_t late_in_a_row_ = 0;
    std::uint64_t last_beat_ = 0;
    std::uint64_t silent_since_ns_ = 0;

    std::atomic<bool> thread_ended_{false};
    std::atomic<std::uint64_t> ended_ns_{0};
    std::atomic<std::uint32_t> released_{0};  ///< ob_cause + 1
};

}  // namespace outboard::host
