// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The audio side of an insert: what one caller does with one block.
///
///     post     input -> history -> units -> every replica's input ring
///     collect  output rings -> the answer with the right sequence number, or the fallback
///
/// The replicas themselves are the ReplicaSet's. Nothing here allocates, locks or calls the system,
/// but for futex and the clock.

#include "sdk/src/host/caller.hpp"
#include "sdk/src/host/history.hpp"
#include "sdk/src/host/insert_format.hpp"
#include "sdk/src/host/output_stage.hpp"
#include "sdk/src/host/parameter_store.hpp"
#include "sdk/src/host/replica_set.hpp"
#include "sdk/src/host/statistics.hpp"
#include "sdk/src/host/timed_events.hpp"
#include "sdk/src/host/unit_log.hpp"

#include <outboard/block_times.h>
#include <outboard/host.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace outboard::host {

struct StreamOptions {
    ob_fallback fallback;
    std::uint32_t event_bytes;
    ReplicaSetOptions replicas;
};

class InsertStream {
public:
    InsertStream(Caller& caller, const InsertFormat& format, const StreamOptions& options,
                 ParameterStore& parameters, Statistics& statistics, History history);
    InsertStream(const InsertStream&) = delete;
    InsertStream& operator=(const InsertStream&) = delete;
    ~InsertStream() = default;

    // ---- caller; documented in host.h ----
    [[nodiscard]] ob_status process(const float* const* inputs, float* const* outputs,
                                    std::uint32_t frame_count) noexcept;
    [[nodiscard]] ob_status post(const float* const* inputs, std::uint32_t frame_count) noexcept;
    [[nodiscard]] ob_status collect(float* const* outputs) noexcept;
    [[nodiscard]] ob_status set_caller(Caller& caller) noexcept;
    [[nodiscard]] ob_status add_event(const ob_event_header& event) noexcept;
    [[nodiscard]] ob_event_list output_events() const noexcept;
    [[nodiscard]] ob_block_times block_times() const noexcept;

    // ---- plain thread ----

    /// From the next block on, the state loaded under this number is in force.
    void activate_state(std::uint64_t state_id) noexcept;
    /// Whether every state is in force after this unit that was to be activated so far.
    [[nodiscard]] bool has_activated_before(std::uint64_t sequence) const noexcept
    {
        // acquire, pairs with the release in queue_changes(): the unit is known.
        return state_to_activate_.load(std::memory_order_acquire) == 0 &&
               activated_at_.load(std::memory_order_relaxed) <= sequence;
    }

    /// How many units back a replica can be fed from.
    [[nodiscard]] std::uint64_t history_units() const noexcept
    {
        const std::uint64_t units = history_.capacity_frames() / format_.unit_frame_count_max();
        return std::min(units, log_.unit_count()) - 1;
    }

    // ---- any ----
    [[nodiscard]] const InsertFormat& format() const noexcept { return format_; }
    [[nodiscard]] ReplicaSet& replicas() noexcept { return replicas_; }
    [[nodiscard]] const ReplicaSet& replicas() const noexcept { return replicas_; }
    /// How many units have been posted.
    [[nodiscard]] std::uint64_t unit_count() const noexcept
    {
        return unit_count_.load(std::memory_order_relaxed);
    }
    /// What the last block was given for its answer; 0 before the first.
    [[nodiscard]] std::uint64_t budget_ns() const noexcept
    {
        return budget_ns_.load(std::memory_order_relaxed);
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

    // post
    void queue_changes(link::EventWriter& events) noexcept;
    [[nodiscard]] std::uint64_t units_until(std::uint32_t frame_count) const noexcept;
    void post_units(std::uint64_t now_ns) noexcept;
    void post_unit(std::int64_t first_frame, std::uint32_t frame_count,
                   std::uint64_t now_ns) noexcept;

    // collect
    void prefetch_accounts() const noexcept;
    [[nodiscard]] Piece piece_at(std::int64_t frame, std::uint32_t offset,
                                 std::uint32_t frame_count) const noexcept;
    [[nodiscard]] bool fetch(const Piece& piece, float* const* outputs) noexcept;
    [[nodiscard]] bool fetch_unit(const Piece& piece, float* const* to,
                                  std::uint32_t offset) noexcept;
    void note_non_finite_unit(const Piece& piece) noexcept;
    void take_answer(const Piece& piece, const Replica& replica) noexcept;
    void take_events(const Piece& piece, const Replica& replica) noexcept;
    void render(const Piece& piece, float* const* outputs, bool is_wet) noexcept;
    void account(const Piece& piece, bool is_wet) noexcept;
    void finish_block(std::uint64_t frame_count) noexcept;

    [[nodiscard]] std::int64_t output_frame(std::uint32_t offset) const noexcept;

    Caller* caller_;  ///< changed between two blocks, by the thread that plays
    InsertFormat format_;
    StreamOptions options_;
    ParameterStore* parameters_;
    Statistics* statistics_;
    History history_;
    UnitLog log_;
    Journal journal_;
    ReplicaSet replicas_;
    OutputStage stage_;

    std::atomic<std::uint64_t> state_to_activate_{0};
    std::atomic<std::uint64_t> activated_at_{0};  ///< the unit that activated a state last
    std::atomic<std::uint64_t> unit_count_{0};
    std::atomic<std::uint64_t> budget_ns_{0};
    std::atomic<bool> is_wet_{false};
    std::atomic_flag inside_ = ATOMIC_FLAG_INIT;

    // caller only, from here on
    std::uint64_t cycle_ = 0;
    std::uint64_t deadline_ns_ = 0;
    std::uint64_t post_started_ns_ = 0;
    std::uint64_t post_ended_ns_ = 0;
    std::uint64_t answer_seen_ns_ = 0;  ///< 0: no wait in this block so far
    std::uint64_t dsp_started_ns_ = 0;  ///< of the answer taken last in this block; 0: none
    std::uint64_t dsp_ended_ns_ = 0;
    std::uint32_t posted_frame_count_ = 0;
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

    std::uint32_t non_finite_in_a_row_ = 0;  ///< units that no replica answered with finite frames
    bool is_to_reset_ = false;               ///< with the next unit
    std::uint64_t gap_frames_ = 0;           ///< concealed since the last wet frame
    bool block_is_concealed_ = false;
};

}  // namespace outboard::host
