// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Blocks that missed their deadline, until it is known why. Every time stamp is CLOCK_MONOTONIC.

#include "sdk/src/link/layout.hpp"

#include <outboard/host.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace outboard::host {

/// Why a block was late, from its own time stamps.
[[nodiscard]] inline ob_cause late_cause(const ob_incident& block) noexcept
{
    if (block.posted_ns >= block.deadline_ns)
        return OB_CAUSE_HOST;
    if (block.dsp_started_ns < block.posted_ns || block.dsp_ended_ns < block.dsp_started_ns)
        return OB_CAUSE_UNKNOWN;  // the service's clock reads make no sense
    const std::uint64_t wake_ns = block.dsp_started_ns - block.posted_ns;
    const std::uint64_t dsp_ns = block.dsp_ended_ns - block.dsp_started_ns;
    if (block.dsp_ended_ns < block.deadline_ns)
        return OB_CAUSE_WAKE;  // answered in time, but this thread was not run to see it
    return dsp_ns > wake_ns ? OB_CAUSE_DSP : OB_CAUSE_WAKE;
}

/// The late blocks of one replica. Fixed room: the oldest makes place, as unknown. One thread.
class LateBlocks {
public:
    static constexpr std::size_t capacity = 64;

    /// @param report  called with an incident whose cause is known
    template <typename Report>
    void add(const ob_incident& block, Report&& report) noexcept
    {
        if (count_ == capacity)
            settle_first(OB_CAUSE_UNKNOWN, report);
        blocks_[(first_ + count_) % capacity] = block;
        ++count_;
    }

    /// The answer to `header.sequence` has come after all; older ones will not come any more.
    template <typename Report>
    void answer(const link::BlockHeader& header, Report&& report) noexcept
    {
        while (count_ != 0 && blocks_[first_].sequence < header.sequence)
            settle_first(OB_CAUSE_DSP, report);  // never taken: the service was a full ring behind
        if (count_ == 0 || blocks_[first_].sequence != header.sequence)
            return;
        blocks_[first_].dsp_started_ns = header.dsp_started_ns;
        blocks_[first_].dsp_ended_ns = header.dsp_ended_ns;
        settle_first(late_cause(blocks_[first_]), report);
    }

    /// Another replica owes them as well: when its answers come, they tell why.
    /// @param owes    whether it does, by sequence number
    /// @param report  as for add(); what it does not owe stays here
    template <typename Owes, typename Report>
    void move_to(LateBlocks& other, Owes&& owes, Report&& report) noexcept
    {
        const std::size_t count = count_;
        for (std::size_t index = 0; index < count; ++index) {
            const ob_incident block = blocks_[first_];
            first_ = (first_ + 1) % capacity;
            --count_;
            (owes(block.sequence) ? other : *this).add(block, report);
        }
    }

    /// No answer will come any more.
    template <typename Report>
    void settle_all(ob_cause cause, Report&& report) noexcept
    {
        while (count_ != 0)
            settle_first(cause, report);
    }

private:
    template <typename Report>
    void settle_first(ob_cause cause, Report& report) noexcept
    {
        blocks_[first_].cause = cause;
        report(blocks_[first_]);
        first_ = (first_ + 1) % capacity;
        --count_;
    }

    std::array<ob_incident, capacity> blocks_{};
    std::size_t first_ = 0;
    std::size_t count_ = 0;
};

}  // namespace outboard::host
