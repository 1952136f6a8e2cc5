// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What a service without a past is told beside the parameters: the notes that are held, and that
/// it is bypassed. Kept by the caller from the events of the units that it posts.

#include "rt/path/contract.hpp"

#include <outboard/event.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace outboard::host {

class Journal {
public:
    /// More are held by no pair of hands; the oldest are kept.
    static constexpr std::size_t notes_max = 128;

    /// Takes down the events of a unit.
    /// @thread caller
    /// @rt     wait-free, O(events x held notes)
    void note(std::uint64_t sequence, std::span<const std::byte> events) noexcept OB_NONBLOCKING;

    /// Visits the events that bring a service to where one was at the start of the unit, as far as
    /// they are still of use, `visit(const ob_event_header&)`, until it says false.
    template <typename Visit>
    void for_each_before(std::uint64_t sequence, Visit&& visit) const noexcept
    {
        if (bypassed_at_ < sequence && !visit(bypass_.header))
            return;
        for (const Held& held : std::span{notes_}.first(count_)) {
            if (held.sequence < sequence && !visit(held.event.note.header))
                return;
        }
    }

    [[nodiscard]] std::size_t held_count() const noexcept { return count_; }

private:
    static constexpr std::uint64_t never = ~std::uint64_t{0};

    union NoteEvent {
        ob_event_note note;
        ob_event_midi midi;
    };
    struct Held {
        std::uint64_t sequence;  ///< of the unit in which it began
        NoteEvent event;
        std::int32_t note_id;  ///< -1: unspecified
        std::int32_t port;
        std::int32_t channel;
        std::int32_t key;
    };

    void note_one(std::uint64_t sequence, const ob_event_header& event) noexcept;
    void note_midi(std::uint64_t sequence, const ob_event_midi& midi) noexcept;
    void hold(const Held& held) noexcept;
    template <typename Matches>
    void let_go(Matches&& matches) noexcept;

    std::array<Held, notes_max> notes_{};
    std::size_t count_ = 0;
    ob_event_bypass bypass_{};
    std::uint64_t bypassed_at_ = never;
};

}  // namespace outboard::host
