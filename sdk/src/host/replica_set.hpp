// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The replicas that serve one insert, as its caller sees them: all get every unit, one answer is
/// played, and those that are lost are let go. The first of the set is the primary.
///
/// Standbys never stand in the primary's way. On other CPUs they are rung late: once its answer has
/// been taken; or when it is lost; or when it has not come for longer than usual (hedge). On the
/// caller's CPU, below the primary, they are rung together with it, and run when it has done.
///
/// A replica in reserve is given nothing while another one serves. When the last of these is lost,
/// the caller calls it in, and replays to it all since the checkpoint that it stands behind.
///
/// "Exact" is said of a replica whose output is what is played, bit for bit. Who is played although
/// not known as exact becomes what the others are compared with.

#include "sdk/src/host/caller.hpp"
#include "sdk/src/host/history.hpp"
#include "sdk/src/host/parameter_store.hpp"
#include "sdk/src/host/played_blocks.hpp"
#include "sdk/src/host/poison_blocks.hpp"
#include "sdk/src/host/replica.hpp"
#include "sdk/src/host/statistics.hpp"
#include "sdk/src/host/unit_log.hpp"

#include <outboard/host.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace outboard::host {

struct ReplicaSetOptions {
    ob_pace pace;
    std::uint32_t replica_count;  ///< primary and standbys, at first
    bool is_deterministic;        ///< the processor says so of itself
    double sample_rate_hz;
    std::uint64_t spin_ns;
    std::uint32_t late_limit;
    std::uint64_t hang_limit_ns;
    std::uint64_t give_up_ns;
    // Of the stream; InsertStream fills them in.
    std::uint32_t event_bytes = 0;  ///< at most, of one unit
    std::uint32_t input_channel_count = 0;
    std::uint32_t unit_frame_count_max = 0;
    std::uint32_t adaptor_latency_frames = 0;  ///< from a unit's input to its output
};

class ReplicaSet {
public:
    static constexpr std::size_t capacity = 4;
    static constexpr std::uint64_t no_sequence = ~std::uint64_t{0};

    ReplicaSet(Caller& caller, const ReplicaSetOptions& options, const UnitLog& log,
               const Past& past, Statistics& statistics);
    ReplicaSet(const ReplicaSet&) = delete;
    ReplicaSet& operator=(const ReplicaSet&) = delete;
    ~ReplicaSet() = default;

    // ---- plain thread ----

    /// Puts a replica at the caller's disposal. @return false when all places are taken
    [[nodiscard]] bool offer(Replica& replica) noexcept;
    /// Puts a replica by that stands behind a checkpoint, for when all others are lost.
    /// @pre there is none in reserve
    void offer_reserve(Replica& replica) noexcept;
    /// Whether there will be one in reserve in a moment, so that a caller without any waits for it.
    void set_reserve_is_coming(bool is_coming) noexcept;
    /// Takes back an offer. @return false when the caller has it already: wait for its release
    [[nodiscard]] bool withdraw(const Replica& replica) noexcept;
    /// How long a primary may take before the standbys are rung as well.
    void set_hedge_ns(std::uint64_t hedge_ns) noexcept
    {
        hedge_ns_.store(hedge_ns, std::memory_order_relaxed);
    }
    /// Whether standbys are rung together with the primary: they trail on the caller's CPU.
    void set_rings_together(bool rings_together) noexcept
    {
        rings_together_.store(rings_together, std::memory_order_relaxed);
    }
    /// How many replicas there are to be. Standbys beyond it the caller lets go, one of its own
    /// choice each: it alone knows who is primary.
    void set_wanted_count(std::uint32_t replica_count) noexcept
    {
        OB_ASSERT(replica_count >= 1 && replica_count < capacity);
        wanted_count_.store(replica_count, std::memory_order_relaxed);
    }
    /// At free pace the history does not lose this unit, nor later ones: a checkpoint waits there.
    void keep_history_from(std::uint64_t sequence) noexcept;
    /// Whether the caller waits until it may lose more.
    [[nodiscard]] bool waits_for_checkpoint() const noexcept
    {
        return waits_for_checkpoint_.load(std::memory_order_relaxed);
    }
    /// Every unit before this one has had its turn, and the one before it came out finite.
    [[nodiscard]] std::uint64_t finite_until() const noexcept
    {
        // acquire, pairs with the release in accept(): non-finite answers that were seen before
        // have been counted.
        return finite_until_.load(std::memory_order_acquire);
    }

    /// Blocks that nobody is given any more, because services died over them.
    [[nodiscard]] PoisonBlocks& poison() noexcept { return poison_; }

    // ---- any ----
    [[nodiscard]] const PoisonBlocks& poison() const noexcept { return poison_; }
    /// The process id of the replica that is played, -1 for none.
    [[nodiscard]] std::int32_t primary_process_id() const noexcept
    {
        return primary_process_id_.load(std::memory_order_relaxed);
    }

    // ---- caller ----

    /// The next block comes from another caller.
    void set_caller(Caller& caller) noexcept { caller_.store(&caller, std::memory_order_relaxed); }

    /// At free pace: waits until the history may lose what so many frames more push out of it.
    /// Without an answer it goes on after a while, and a newcomer may then find no past.
    void make_room(std::uint32_t frame_count, std::uint64_t unit_count) noexcept;
    /// Start of a block: takes in newcomers, lets go whom another can replace at once.
    /// @param output_frame  first frame of the block, for incidents
    void begin_block(std::uint64_t output_frame) noexcept;
    /// Posts what is new in the log, and to newcomers some of what they have missed.
    /// @param new_units  how many units the log got since the last time
    void post(std::uint64_t new_units) noexcept;

    /// The end of a unit that is to be played.
    struct Wanted {
        std::uint64_t sequence;
        std::uint32_t frame_count;
        std::uint64_t deadline_ns;
        std::uint64_t output_frame;
    };
    struct Taken {
        Replica* replica = nullptr;      ///< whose answer_slot() it is; null: nobody's
        bool is_another_source = false;  ///< not known to be identical with what was played before
        bool gave_up = false;
        bool has_waited = false;
    };
    /// Waits for the answer to a unit until its deadline; at free pace until it has come.
    [[nodiscard]] Taken take(const Wanted& wanted) noexcept;
    /// The answer turned out not to be finite: another replica's may be. Then take() again.
    /// @return false when there is nobody else
    [[nodiscard]] bool reject(Replica& replica, std::uint64_t sequence) noexcept;
    /// The answer has been copied.
    void accept(Replica& replica, const Wanted& wanted) noexcept;

    /// End of a block: rings the standbys and lets go of those that are lost.
    void end_block() noexcept;

private:
    enum class Look : std::uint8_t { found, may_come, nobody };

    void adopt_offers() noexcept;
    void call_reserve() noexcept;
    void replay(std::size_t index) noexcept;
    [[nodiscard]] bool enter_stream(Replica& replica, std::uint64_t next_sequence) noexcept;
    void feed(std::size_t index, std::uint64_t unit_budget) noexcept;
    [[nodiscard]] std::uint64_t oldest_available(std::uint64_t sequence) const noexcept;
    void note_rings(std::size_t replica_count) noexcept;
    void ring_all() noexcept;
    void listen() noexcept;
    void promote(std::size_t index) noexcept;
    [[nodiscard]] std::span<Replica* const> active() const noexcept
    {
        return std::span{active_}.first(active_count_);
    }
    [[nodiscard]] const Replica* primary() const noexcept
    {
        return active_count_ != 0 ? active_[0] : nullptr;
    }
    void publish_primary() noexcept;

    [[nodiscard]] Caller& caller() const noexcept
    {
        // relaxed: the thread that plays has set it itself; for others it is whom to wake.
        return *caller_.load(std::memory_order_relaxed);
    }
    [[nodiscard]] Look look_for(const Wanted& wanted, Replica*& found) noexcept;
    [[nodiscard]] Look look_until(std::uint64_t until_ns, const Wanted& wanted,
                                  Replica*& found) noexcept;
    [[nodiscard]] Answer look_at(Replica& replica, const Wanted& wanted) noexcept;
    [[nodiscard]] bool has_failed(std::size_t index, Answer answer, bool has_ended,
                                  const Wanted& wanted) noexcept;
    [[nodiscard]] Replica* take_in_time(const Wanted& wanted, bool& has_waited) noexcept;
    [[nodiscard]] Replica* take_at_free_pace(const Wanted& wanted, bool& gave_up) noexcept;
    [[nodiscard]] bool is_whole(std::uint64_t sequence) const noexcept;
    [[nodiscard]] Replica* any_answer(const Wanted& wanted) noexcept;
    [[nodiscard]] bool has_offers() const noexcept;
    [[nodiscard]] std::size_t living_count() const noexcept;
    [[nodiscard]] bool expects_reserve() const noexcept;
    [[nodiscard]] bool may_answer(std::size_t index, Answer answer,
                                  std::uint64_t sequence) noexcept;
    [[nodiscard]] bool reserve_may_answer() noexcept;
    void pump() noexcept;
    [[nodiscard]] bool can_feed() const noexcept;
    [[nodiscard]] bool may_append(std::uint32_t frame_count,
                                  std::uint64_t unit_count) const noexcept;
    [[nodiscard]] Wanted oldest_wanted() const noexcept;
    void note_missed_deadline(const Wanted& wanted, std::uint64_t now_ns) noexcept;
    [[nodiscard]] bool is_late(std::size_t index) const noexcept;
    void let_go_of_hung(std::uint32_t late_limit) noexcept;
    void let_go_of_silent(std::uint64_t sequence) noexcept;
    void compare(Replica& replica, const Wanted& wanted) noexcept;
    void note_equal(Replica& replica, std::uint32_t frame_count) noexcept;
    void note_different(Replica& replica, const Wanted& wanted) noexcept;
    [[nodiscard]] bool is_exact(const Replica& replica) const noexcept;
    [[nodiscard]] bool is_another_source(const Replica& replica) const noexcept;
    void make_reference(Replica& replica) noexcept;
    void publish_exactness(Replica& replica) const noexcept;
    void let_go_of_surplus() noexcept;
    void let_go_of_those_behind() noexcept;
    [[nodiscard]] std::uint64_t hang_limit_ns(std::size_t index) const noexcept;
    void demote(std::size_t index, ob_cause cause) noexcept;
    void note_poison(const Replica& replica, ob_cause cause) noexcept;
    void report_poison(const Replica& replica, const Unit& unit) noexcept;
    void settle_late_blocks(Replica& lost, ob_cause cause) noexcept;
    void report_loss(const Replica& replica, std::size_t index, ob_cause cause) noexcept;
    void release_demoted() noexcept;
    void report(const ob_incident& incident) noexcept;
    void report_late(const ob_incident& incident) noexcept;

    std::atomic<Caller*> caller_;
    ReplicaSetOptions options_;
    const UnitLog* log_;
    Past past_;
    Statistics* statistics_;

    std::array<std::atomic<Replica*>, capacity> offers_{};
    std::atomic<Replica*> reserve_{nullptr};
    std::atomic<bool> reserve_is_coming_{false};
    std::atomic<std::int32_t> primary_process_id_{-1};
    std::atomic<std::uint64_t> hedge_ns_{0};
    std::atomic<std::uint32_t> wanted_count_;
    std::atomic<bool> rings_together_{false};
    std::atomic<std::uint64_t> keep_history_from_{no_sequence};
    std::atomic<bool> waits_for_checkpoint_{false};
    std::atomic<std::uint64_t> finite_until_{0};

    // caller only
    std::array<Replica*, capacity> active_{};
    std::size_t active_count_ = 0;
    struct Demoted {
        Replica* replica;
        ob_cause cause;
    };
    std::array<Demoted, capacity> demoted_{};
    std::size_t demoted_count_ = 0;
    const Replica* last_source_ = nullptr;  ///< null when it was lost
    bool has_had_source_ = false;
    std::uint64_t oldest_wanted_ = 0;   ///< the oldest unit that is still to be played
    std::uint64_t next_wanted_ = 0;     ///< the newest one that was asked for, + 1
    std::uint64_t first_of_block_ = 0;  ///< the first unit of the newest block
    PlayedBlocks played_;
    PoisonBlocks poison_;
    rt::AdaptiveSpin spin_;
    std::uint64_t output_frame_ = 0;
    std::uint64_t frames_until_exact_ = 0;
};

}  // namespace outboard::host
