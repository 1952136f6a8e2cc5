// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A block's input events: copied out of shared memory, checked as a copy, and parted into what the
/// processor is to see and what the library carries out itself.

#include "rt/path/contract.hpp"

#include <outboard/processor.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace outboard::service {

/// What the library does at the start of a block. Of two orders of one kind the later counts.
struct BlockOrders {
    bool reset = false;
    std::optional<bool> bypass;
    std::optional<std::uint64_t> activate_state;
};

class EventIntake {
public:
    /// @param event_bytes  room in a slot
    /// @param parameters   handed to the processor in front of the first block's own events
    EventIntake(std::size_t event_bytes, std::span<const ob_event_parameter> parameters);

    /// The first block will be handed on without them.
    /// @pre no block was taken yet
    void drop_initial_parameters() noexcept { visible_bytes_ = 0; }

    /// Takes the first `size_bytes` of a slot's event area; only what it takes is looked at.
    /// @thread dsp
    /// @rt     wait-free, O(bytes)
    /// @return whether they are well-formed; if not, nothing is handed on
    [[nodiscard]] bool take(std::span<const std::byte> area, std::uint32_t size_bytes,
                            std::uint32_t frame_count) noexcept OB_NONBLOCKING;

    /// For the processor, of the block taken last; valid until the next take().
    [[nodiscard]] ob_event_list events() const noexcept;
    [[nodiscard]] const BlockOrders& orders() const noexcept { return orders_; }

private:
    void sort_out(std::size_t size_bytes) noexcept;
    [[nodiscard]] bool carry_out(std::span<const std::byte> event) noexcept;

    std::vector<std::byte> copy_;     ///< of the slot's area
    std::vector<std::byte> visible_;  ///< what the processor sees
    std::size_t visible_bytes_;
    bool is_first_ = true;
    BlockOrders orders_;
};

}  // namespace outboard::service
