// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Blocks over which services die: the second death over one and the same unit makes it poison,
/// and it is given to nobody any more. The first poison block is kept for whoever wrote the
/// processor, until it has been fetched.

#include "sdk/src/host/history.hpp"
#include "sdk/src/host/unit_log.hpp"

#include <outboard/host.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace outboard::host {

/// The last numbers that were put in; the oldest go.
template <std::size_t capacity>
class RecentSequences {
public:
    void add(std::uint64_t sequence) noexcept { sequences_[count_++ % capacity] = sequence; }
    [[nodiscard]] bool contains(std::uint64_t sequence) const noexcept
    {
        for (std::size_t index = 0; index < capacity && index < count_; ++index) {
            if (sequences_[index] == sequence)
                return true;
        }
        return false;
    }
    [[nodiscard]] bool is_empty() const noexcept { return count_ == 0; }

private:
    std::array<std::uint64_t, capacity> sequences_{};
    std::uint64_t count_ = 0;
};

class PoisonBlocks {
public:
    /// @rt no: allocates room for the audio and the events of a unit
    PoisonBlocks(std::uint32_t channel_count, std::uint32_t frame_count_max,
                 std::size_t event_bytes_max);

    // ---- caller ----

    /// A service died while the unit was in its processor.
    /// @return whether that made it poison
    /// @rt     wait-free
    [[nodiscard]] bool note_death(std::uint64_t sequence) noexcept;
    /// @rt wait-free; one comparison as long as there was none
    [[nodiscard]] bool contains(std::uint64_t sequence) const noexcept
    {
        return !poison_.is_empty() && poison_.contains(sequence);
    }
    /// Copies the unit, unless the one before has not been fetched.
    /// @rt wait-free, O(frames)
    void keep(const Unit& unit, const History& history, std::uint64_t output_frame) noexcept;

    // ---- control, one thread at a time ----

    /// What was kept; its pointers are valid until the next call.
    [[nodiscard]] std::optional<ob_poison_block> fetch() noexcept;

    // ---- any ----
    [[nodiscard]] std::uint64_t count() const noexcept
    {
        return poison_count_.load(std::memory_order_relaxed);
    }

private:
    enum class Shelf : std::uint32_t { empty, full, lent };

    RecentSequences<16> deaths_;
    RecentSequences<16> poison_;
    std::atomic<std::uint64_t> poison_count_{0};

    std::atomic<Shelf> shelf_{Shelf::empty};
    ob_poison_block block_{};
    std::vector<float> frames_;
    std::vector<float*> channels_;
    std::vector<std::byte> events_;
};

}  // namespace outboard::host
