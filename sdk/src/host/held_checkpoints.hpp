// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The last checkpoints that were taken out of an insert's replicas while all was well: what a
/// newcomer starts from when no replica is left. Plain thread only; asking the services is
/// Insert's.
///
///     taken --- a later block came out finite ---> newest good ---> older good ---> gone

#include "sdk/src/host/checkpoint_source.hpp"

#include <outboard/host.h>

#include <cstdint>
#include <optional>

namespace outboard::host {

struct HeldCheckpointsOptions {
    ob_pace pace = OB_PACE_REALTIME;
    std::uint64_t history_units = 0;  ///< how many units back a newcomer can be fed from
};

/// Where a newcomer begins: with a state, or new at the stream's first unit.
struct RestorePoint {
    std::uint64_t first_sequence = 0;        ///< the first unit that it is to be given
    const Checkpoint* checkpoint = nullptr;  ///< null: none is needed, the past is all there
};

class HeldCheckpoints {
public:
    explicit HeldCheckpoints(const HeldCheckpointsOptions& options) noexcept : options_(options) {}

    /// Whether another is to be fetched. At free pace so often that the history reaches back to
    /// both good ones; in real time so seldom that copying takes half a percent of the time.
    /// @param unit_count  how many units have been posted
    [[nodiscard]] bool is_due(std::uint64_t unit_count, std::uint64_t now_ns) const noexcept;
    /// When is_due() can be true next, if the stream goes on.
    [[nodiscard]] std::uint64_t due_ns() const noexcept;

    /// In real time: how old the newest may become, where copying is cheap enough.
    void set_interval_ns(std::uint64_t interval_ns) noexcept { interval_ns_ = interval_ns; }

    /// @param cost_ns  how long it took to copy it out; the service takes as long
    void add(Checkpoint checkpoint, std::uint64_t cost_ns, std::uint64_t now_ns);
    /// Units before `finite_until` have come out finite: makes good what was taken before them.
    void note_finite(std::uint64_t finite_until) noexcept;
    /// An answer was not finite: what was taken last may be spoilt.
    void distrust_taken() noexcept { taken_.reset(); }
    /// The stream stands still until its history may lose what the older ones need: they go.
    void make_room() noexcept;

    /// The newest good one that the history still reaches; without any, one that may be good.
    [[nodiscard]] std::optional<RestorePoint> restore_point(
        std::uint64_t unit_count) const noexcept;
    /// The history must not lose this unit and later ones, or a checkpoint is worth nothing.
    [[nodiscard]] std::uint64_t keep_from() const noexcept;
    /// How many good ones the history reaches.
    [[nodiscard]] std::uint32_t usable_count(std::uint64_t unit_count) const noexcept;

    /// What was started from the newest died: the one before may be better.
    void drop_newest() noexcept;
    /// None fits any more: the processor got another state, from unit `first_sequence` on.
    void clear(std::uint64_t first_sequence) noexcept;

private:
    [[nodiscard]] bool reaches(std::uint64_t first_sequence,
                               std::uint64_t unit_count) const noexcept
    {
        return first_sequence <= unit_count && unit_count - first_sequence < options_.history_units;
    }

    HeldCheckpointsOptions options_;
    std::optional<Checkpoint> taken_;
    std::optional<Checkpoint> newest_good_;
    std::optional<Checkpoint> older_good_;
    bool holds_start_ = true;  ///< the stream's start is as good as a checkpoint
    std::uint64_t start_ = 0;  ///< no checkpoint reaches further back
    std::uint64_t last_taken_sequence_ = 0;
    std::uint64_t last_taken_ns_ = 0;
    std::uint64_t cost_ns_ = 0;  ///< the least that was seen
    std::uint64_t interval_ns_ = 100'000'000;
};

}  // namespace outboard::host
