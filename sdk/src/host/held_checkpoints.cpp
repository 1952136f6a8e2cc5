// SPDX-License-Identifier: MIT

#include "sdk/src/host/held_checkpoints.hpp"

#include <algorithm>
#include <utility>

namespace outboard::host {

namespace {

/// At free pace so many are fetched while the history goes round.
constexpr std::uint64_t fetches_per_history = 8;
/// In real time: copying takes at most this part of the DSP thread's time.
constexpr std::uint64_t cost_divisor = 200;

}  // namespace

bool HeldCheckpoints::is_due(std::uint64_t unit_count, std::uint64_t now_ns) const noexcept
{
    if (unit_count <= last_taken_sequence_ + 1)  // nothing has happened since
        return false;
    if (options_.pace == OB_PACE_FREE)
        return unit_count - last_taken_sequence_ > options_.history_units / fetches_per_history;
    return now_ns >= due_ns();
}

std::uint64_t HeldCheckpoints::due_ns() const noexcept
{
    return last_taken_ns_ + std::max(interval_ns_, cost_divisor * cost_ns_);
}

void HeldCheckpoints::add(Checkpoint checkpoint, std::uint64_t cost_ns, std::uint64_t now_ns)
{
    cost_ns_ = cost_ns_ == 0 ? cost_ns : std::min(cost_ns_, cost_ns);
    last_taken_ns_ = now_ns;
    last_taken_sequence_ = checkpoint.sequence;
    if (checkpoint.sequence + 1 >= start_)  // else it is of a state that is no longer in force
        taken_ = std::move(checkpoint);
}

void HeldCheckpoints::note_finite(std::uint64_t finite_until) noexcept
{
    // A standby's answer is looked at one unit later than the one that is played: when two later
    // ones have come out, its own next one has been seen, whoever gave the checkpoint.
    if (!taken_ || finite_until < taken_->sequence + 3)
        return;
    older_good_ = std::exchange(newest_good_, std::exchange(taken_, std::nullopt));
    holds_start_ = holds_start_ && !older_good_;
}

void HeldCheckpoints::make_room() noexcept
{
    if (!taken_)
        return;
    newest_good_.reset();
    older_good_.reset();
    holds_start_ = false;
    start_ = taken_->sequence + 1;
}

std::optional<RestorePoint> HeldCheckpoints::restore_point(std::uint64_t unit_count) const noexcept
{
    const auto point = [](const Checkpoint& held) {
        return RestorePoint{.first_sequence = held.sequence + 1, .checkpoint = &held};
    };
    for (const auto* held : {&newest_good_, &older_good_}) {
        if (*held && reaches((*held)->sequence + 1, unit_count))
            return point(**held);
    }
    if (holds_start_ && reaches(0, unit_count))
        return RestorePoint{};
    if (taken_ && reaches(taken_->sequence + 1, unit_count))
        return point(*taken_);
    return std::nullopt;
}

std::uint64_t HeldCheckpoints::keep_from() const noexcept
{
    if (older_good_)
        return older_good_->sequence + 1;
    if (newest_good_ && !holds_start_)
        return newest_good_->sequence + 1;
    return start_;
}

std::uint32_t HeldCheckpoints::usable_count(std::uint64_t unit_count) const noexcept
{
    std::uint32_t count = 0;
    for (const auto* held : {&newest_good_, &older_good_})
        count += *held && reaches((*held)->sequence + 1, unit_count) ? 1 : 0;
    return count;
}

void HeldCheckpoints::drop_newest() noexcept
{
    taken_.reset();
    if (newest_good_) {
        newest_good_ = std::exchange(older_good_, std::nullopt);
    } else {
        holds_start_ = false;
    }
}

void HeldCheckpoints::clear(std::uint64_t first_sequence) noexcept
{
    taken_.reset();
    newest_good_.reset();
    older_good_.reset();
    holds_start_ = false;
    start_ = first_sequence;
}

}  // namespace outboard::host
