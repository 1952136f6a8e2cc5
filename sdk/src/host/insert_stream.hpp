// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The audio side of an insert: what one caller does with one block.
///
///     post     input -> history -> units -> every replica's input ring
///     collect  output rings -> the answer with the right sequence number, or the fallback
///
/// It is written for a set of replicas: each gets every unit, and the first that has the answer is
/// taken. Nothing here allocates, locks or calls the system, but for futex and the clock.

#include "sdk/src/host/caller.hpp"
#include "sdk/src/host/history.hpp"
#include "sdk/src/host/insert_format.hpp"
#include "sdk/src/host/output_stage.hpp"
#include "sdk/src/host/parameter_store.hpp"
#include "sdk/src/host/replica.hpp"
#include "sdk/src/host/statistics.hpp"
#include "sdk/src/host/timed_events.hpp"

#include <outboard/host.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace outboard::host {

struct StreamOptions {
    ob_fallback fallback;
    ob_pace pace;
    std::uint64_t spin_ns;
    std::uint32_t late_limit;
    std::uint64_t hang_limit_ns;
    std::uint64_t give_up_ns;
    std::uint32_t event_bytes;
};

class InsertStream {
public:
    static constexpr std::size_t replica_count_max = 4;

    InsertStream(Caller& caller, const InsertFormat& format, const StreamOptions& options,
                 ParameterStore& parameters, Statistics& statistics, History history);
    InsertStream(const InsertStream&) = delete;
    InsertStream& operator=(const InsertStream&) = delete;

    // ---- caller; documented in host.h ----
    [[nodiscard]] ob_status process(const float* const* inputs, float* const* outputs,
                                    std::uint32_t frame_count) noexcept;
    [[nodiscard]] ob_status post(const float* const* inputs, std::uint32_t frame_count) noexcept;
    [[nodiscard]] ob_status collect(float* const* outputs) noexcept;
    [[nodiscard]] ob_status add_event(const ob_event_header& event) noexcept;
    [[nodiscard]] ob_event_list output_events() const noexcept;

    // ---- plain thread ----

    /// Puts a replica at the caller's disposal. @return false when all places are taken
    [[nodiscard]] bool offer(Replica& replica) noexcept;
    /// Takes back an offer. @return false when the caller has it already: wait for its release
    [[nodiscard]] bool withdraw(const Replica& replica) noexcept;
    /// From the next block on, the state loaded under this number is in force.
    void activate_state(std::uint64_t state_id) noexcept;

    // ---- any ----
    [[nodiscard]] const InsertFormat& format() const noexcept { return format_; }
    /// The process id of the replica that is played, -1 for none.
    [[nodiscard]] std::int32_t primary_process_id() const noexcept
    {
        return primary_process_id_.load(std::memory_order_relaxed);
    }
    [[nodiscard]] bool is_wet() const noexcept { return is_wet_.load(std::memory_order_relaxed); }

private:
    /// Part of a block that comes from one unit.
    struct Piece {
        std::uint32_t offset;  ///< within the block
        std::uint32_t frame_count;
        std::uint64_t sequence;
        std::int64_t unit_first_frame;
        std::uint32_t unit_frame_count;
        std::uint32_t unit_offset;
    };
    enum class Look : std::uint8_t { found, may_come, nobody };

    // post
    void adopt_offers() noexcept;
    void queue_changes(link::EventWriter& events) noexcept;
    void post_units(std::uint64_t now_ns) noexcept;
    void post_unit(std::int64_t first_frame, std::uint32_t frame_count,
                   std::uint64_t now_ns) noexcept;
    void post_to(Replica& replica, const Unit& unit) noexcept;
    void repost_from(std::uint64_t sequence, Replica& replica) noexcept;

    // collect
    [[nodiscard]] Piece piece_at(std::int64_t frame, std::uint32_t offset,
                                 std::uint32_t frame_count) const noexcept;
    [[nodiscard]] bool fetch(const Piece& piece, float* const* outputs) noexcept;
    [[nodiscard]] Replica* wait_for(const Piece& piece) noexcept;
    [[nodiscard]] Replica* wait_at_free_pace(const Piece& piece) noexcept;
    [[nodiscard]] bool wait_for_newcomer(std::uint64_t sequence) noexcept;
    [[nodiscard]] Look look_for(const Piece& piece, Replica*& found) noexcept;
    void listen_to_replicas() noexcept;
    void note_missed_deadline(const Piece& piece) noexcept;
    void note_full_rings(const Piece& piece) noexcept;
    void take_answer(const Piece& piece, Replica& replica) noexcept;
    void take_events(const Piece& piece, const Replica& replica) noexcept;
    void render(const Piece& piece, float* const* outputs, bool is_wet) noexcept;
    void account(const Piece& piece, bool is_wet) noexcept;
    void finish_block(std::uint64_t frame_count) noexcept;

    // deaths
    void demote(std::size_t index, ob_cause cause) noexcept;
    void release_demoted() noexcept;

    void report(const ob_incident& incident) noexcept;
    [[nodiscard]] std::int64_t output_frame(std::uint32_t offset) const noexcept;

    Caller* caller_;
    InsertFormat format_;
    StreamOptions options_;
    ParameterStore* parameters_;
    Statistics* statistics_;
    History history_;
    OutputStage stage_;

    std::array<std::atomic<Replica*>, replica_count_max> offers_{};
    std::atomic<std::uint64_t> state_to_activate_{0};
    std::atomic<std::int32_t> primary_process_id_{-1};
    std::atomic<bool> is_wet_{false};
    std::atomic_flag inside_ = ATOMIC_FLAG_INIT;

    // caller only, from here on
    std::array<Replica*, replica_count_max> active_{};
    std::size_t active_count_ = 0;
    struct Demoted {
        Replica* replica;
        ob_cause cause;
    };
    std::array<Demoted, replica_count_max> demoted_{};
    std::size_t demoted_count_ = 0;

    std::uint64_t cycle_ = 0;
    std::uint64_t deadline_ns_ = 0;
    std::uint64_t post_started_ns_ = 0;
    std::uint64_t post_ended_ns_ = 0;
    std::uint64_t answer_seen_ns_ = 0;  ///< 0: no wait in this block so far
    std::uint32_t posted_frame_count_ = 0;
    std::uint64_t next_sequence_ = 0;
    bool gave_up_ = false;

    std::uint64_t held_sequence_ = ~std::uint64_t{0};  ///< unit in held_, consumed in pieces
    bool held_is_wet_ = false;
    std::vector<float> held_frames_;
    std::vector<float*> held_;  ///< [output channel]
    std::vector<float> dry_frames_;
    std::vector<float*> dry_;  ///< [output channel]

    std::vector<std::byte> event_memory_;
    TimedEvents events_in_;
    link::EventWriter unit_events_;
    TimedEvents events_out_;
    link::EventWriter block_events_;
    std::span<std::byte> answer_events_;
    std::vector<std::vector<std::byte>> event_log_;  ///< free pace: of the units under way

    std::vector<std::uint64_t> posted_ns_;  ///< of the units under way, by sequence
    std::uint64_t gap_frames_ = 0;          ///< concealed since the last wet frame
    bool block_is_concealed_ = false;
};

}  // namespace outboard::host
