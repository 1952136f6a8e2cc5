// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// One lane of one service as the caller sees it: where blocks are posted and answers found.
///
/// Life of a replica, and who makes each step:
///     made and offered         plain thread (Insert)       ReplicaSet::offer()
///     posted to, read          caller
///     ended_ns set             supervisor, at the death of the process
///     released, with a cause   caller: it will never touch the lane again
///     unmapped and destroyed   plain thread, only after it was released

#include "rt/path/bell.hpp"
#include "sdk/src/host/history.hpp"
#include "sdk/src/host/late_blocks.hpp"
#include "sdk/src/host/parameter_store.hpp"
#include "sdk/src/link/lane_memory.hpp"

#include <outboard/host.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace outboard::host {

/// What travels to a processor at once: a block of the host, or of the block adaptor.
struct Unit {
    std::uint64_t sequence;
    std::int64_t first_frame;  ///< of the insert's input stream
    std::uint32_t frame_count;
    std::uint64_t posted_ns;
    std::span<const std::byte> events;
};

/// Where a lane's memory and bells lie; they outlive the replica.
struct LanePorts {
    link::HostLane lane;
    rt::Bell* request;
    rt::Bell* reply;
    const link::Beat* dsp_beat;
};

enum class Answer : std::uint8_t {
    here,  ///< answer() and answer_slot() hold it
    not_yet,
    never,    ///< a later block was answered instead
    corrupt,  ///< the service broke the protocol
};

class Replica {
public:
    Replica(const LanePorts& ports, std::int32_t process_id) noexcept
        : ports_(ports),
          process_id_(process_id)
    {}

    // ---- caller ----

    /// Copies one unit from the history into the lane; ring() is due afterwards. The first units
    /// also carry every parameter that was ever set, since the service was started before.
    /// @rt     wait-free, O(frames)
    [[nodiscard]] rt::RingStatus post(const Unit& unit, const History& history,
                                      const ParameterStore& parameters) noexcept;

    /// Looks for the answer to a unit, discarding older ones by their sequence number.
    /// @param report  called with late blocks whose cause has become known
    /// @rt     wait-free, O(slots)
    template <typename Report>
    [[nodiscard]] Answer find(std::uint64_t sequence, std::uint32_t frame_count,
                              Report&& report) noexcept
    {
        if (has_broken_input_)
            return Answer::corrupt;
        for (std::uint32_t seen = 0; seen <= ports_.lane.shape().slot_count; ++seen) {
            const rt::RingStatus status = ports_.lane.output().poll();
            if (status == rt::RingStatus::empty)
                return Answer::not_yet;
            if (status == rt::RingStatus::corrupt)
                return Answer::corrupt;
            answer_ = ports_.lane.output_slot().header();  // copied once, checked as a copy
            // What was never posted, or is answered a second time, is no answer.
            if (!posted_any_ || answer_.sequence < next_answer_ || answer_.sequence > last_posted_)
                return Answer::corrupt;
            late_.answer(answer_, report);
            if (answer_.sequence > sequence)
                return Answer::never;
            if (answer_.sequence == sequence)
                return answer_.frame_count == frame_count ? Answer::here : Answer::corrupt;
            ++late_replies_;
            release_answer();
        }
        return Answer::not_yet;
    }
    [[nodiscard]] const link::BlockHeader& answer() const noexcept { return answer_; }
    [[nodiscard]] link::Slot<const std::byte> answer_slot() const noexcept
    {
        return ports_.lane.output_slot();
    }
    /// Gives the answer's slot back.
    void consume() noexcept
    {
        release_answer();
        late_in_a_row_ = 0;
    }
    /// How many answers find() discarded since the last call.
    [[nodiscard]] std::uint64_t take_late_replies() noexcept
    {
        return std::exchange(late_replies_, 0);
    }

    /// Notes a missed deadline.
    /// @return whether the service counts as hung: `late_limit` blocks in a row and `hang_limit_ns`
    ///         without a beat
    [[nodiscard]] bool note_late(std::uint64_t now_ns, std::uint32_t late_limit,
                                 std::uint64_t hang_limit_ns) noexcept;

    [[nodiscard]] LateBlocks& late_blocks() noexcept { return late_; }
    [[nodiscard]] rt::Bell& request_bell() const noexcept { return *ports_.request; }
    [[nodiscard]] rt::Bell& reply_bell() const noexcept { return *ports_.reply; }
    /// Whether its ring was full when this unit was to be posted.
    [[nodiscard]] bool has_no_room_for(std::uint64_t sequence) const noexcept
    {
        return posted_any_ && sequence > last_posted_;
    }
    [[nodiscard]] bool has_posted(std::uint64_t sequence) const noexcept
    {
        return posted_any_ && sequence >= first_posted_ && sequence <= last_posted_;
    }

    /// The caller's last act on this replica.
    void release(ob_cause cause) noexcept
    {
        // release, pairs with the acquire in release_cause(): all our accesses to the lane come
        // before it is unmapped.
        released_.store(static_cast<std::uint32_t>(cause) + 1, std::memory_order_release);
    }

    // ---- supervisor and plain thread ----

    /// The process has ended; wakes a caller that waits for its answer. @thread supervisor
    void mark_ended(std::uint64_t now_ns) noexcept
    {
        // release, pairs with the acquire in ended_ns().
        ended_ns_.store(now_ns, std::memory_order_release);
        rt::ring_for_dead(reply_bell());
    }
    /// When the process ended, 0 while it lives. @thread any
    [[nodiscard]] std::uint64_t ended_ns() const noexcept
    {
        // acquire, pairs with the release in mark_ended(): whatever the dead process published
        // is seen by the look at its rings that follows.
        return ended_ns_.load(std::memory_order_acquire);
    }
    [[nodiscard]] bool is_released() const noexcept
    {
        return released_.load(std::memory_order_acquire) != 0;
    }
    /// @pre is_released()
    [[nodiscard]] ob_cause release_cause() const noexcept
    {
        return static_cast<ob_cause>(released_.load(std::memory_order_acquire) - 1);
    }
    [[nodiscard]] std::int32_t process_id() const noexcept { return process_id_; }

    /// When ob_insert_inject_fault() struck, 0 if never. Written by that call, read by the caller.
    std::atomic<std::uint64_t> fault_ns{0};
    /// Exit code, or minus the signal; written before mark_ended().
    std::atomic<std::int32_t> exit_detail{0};

private:
    void release_answer() noexcept
    {
        next_answer_ = answer_.sequence + 1;
        ports_.lane.output().release();
    }
    void write_events(link::Slot<std::byte>& slot, const Unit& unit,
                      const ParameterStore& parameters) noexcept;

    LanePorts ports_;
    std::int32_t process_id_;

    // caller only
    link::BlockHeader answer_{};
    LateBlocks late_;
    std::uint64_t next_answer_ = 0;  ///< no later answer has a smaller sequence number
    std::uint64_t first_posted_ = 0;
    std::uint64_t last_posted_ = 0;
    bool posted_any_ = false;
    bool has_broken_input_ = false;   ///< the service's count of what it has read makes no sense
    std::size_t next_parameter_ = 0;  ///< parameters before this one have been told
    std::uint64_t late_replies_ = 0;
    std::uint32_t late_in_a_row_ = 0;
    std::uint64_t last_beat_ = 0;
    std::uint64_t silent_since_ns_ = 0;

    std::atomic<std::uint64_t> ended_ns_{0};
    std::atomic<std::uint32_t> released_{0};  ///< ob_cause + 1
};

}  // namespace outboard::host
