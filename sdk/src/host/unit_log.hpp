// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The last units of an insert with their events, so that any of them can be posted again: to a
/// newcomer that catches up, or after a death. Their audio is in the History.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace outboard::host {

/// What travels to a processor at once: a block of the host, or of the block adaptor.
struct Unit {
    std::uint64_t sequence;
    std::int64_t first_frame;  ///< of the insert's input stream
    std::uint32_t frame_count;
    std::uint64_t posted_ns;
    std::span<const std::byte> events;
};

class UnitLog {
public:
    /// @param unit_count   how many units it holds; rounded up to a power of two
    /// @param event_bytes  room for the events of all of them
    /// @rt no: allocates
    UnitLog(std::uint64_t unit_count, std::size_t event_bytes);

    /// Number of the unit that comes next; one less is the newest.
    [[nodiscard]] std::uint64_t next_sequence() const noexcept { return next_sequence_; }

    /// Appends a unit under next_sequence(); the events are copied.
    /// @thread caller
    /// @rt     wait-free, O(events)
    void append(const Unit& unit) noexcept;

    /// @param out  its events are valid until the log has gone round
    /// @return false when the unit, or its events, are no longer there
    /// @rt     wait-free
    [[nodiscard]] bool get(std::uint64_t sequence, Unit& out) const noexcept;

    /// The unit that the last `frame_count` frames before unit `next_sequence` begin in.
    /// @return no earlier one than the oldest that is there
    /// @rt     wait-free, O(log(units))
    [[nodiscard]] std::uint64_t first_of_the_last(std::uint64_t next_sequence,
                                                  std::uint64_t frame_count) const noexcept;

    /// Whether unit `sequence` is still there when `more` units have been appended, however many
    /// events they have.
    [[nodiscard]] bool will_keep(std::uint64_t sequence, std::uint64_t more,
                                 std::size_t event_bytes_max) const noexcept;

    [[nodiscard]] std::uint64_t unit_count() const noexcept { return records_.size(); }

private:
    struct Record {
        std::int64_t first_frame;
        std::uint64_t posted_ns;
        std::uint64_t events_begin;  ///< count of event bytes ever written before it
        std::uint32_t frame_count;
        std::uint32_t event_bytes;
    };

    std::vector<Record> records_;
    std::vector<std::byte> events_;
    std::uint64_t next_sequence_ = 0;
    std::uint64_t events_end_ = 0;
};

}  // namespace outboard::host
