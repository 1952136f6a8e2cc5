// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Addressing of a ring whose slots have a size known only at run time (audio blocks). Counting is
/// done by the cursors of ring_cursor.hpp.

#include "rt/path/contract.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>

namespace outboard::rt {

/// Where the slots of a ring lie. `Byte` is `std::byte` for the writer, `const std::byte` for the
/// reader, which maps the memory read-only.
template <typename Byte>
class SlotArea {
public:
    SlotArea() noexcept = default;

    /// @pre slot_count is a power of two; slot_bytes is a multiple of the cache line
    SlotArea(Byte* first_slot, std::size_t slot_bytes, std::uint64_t slot_count) noexcept
        : first_slot_(first_slot),
          slot_bytes_(slot_bytes),
          mask_(slot_count - 1)
    {
        OB_ASSERT(std::has_single_bit(slot_count));
        OB_ASSERT(slot_bytes % cache_line_bytes == 0);
    }

    /// The slot for a cursor's position: any 64-bit value leads inside the area.
    /// @rt wait-free
    [[nodiscard]] Byte* slot(std::uint64_t position) const noexcept OB_NONBLOCKING
    {
        return first_slot_ + static_cast<std::size_t>(position & mask_) * slot_bytes_;
    }

    [[nodiscard]] std::uint64_t slot_count() const noexcept { return mask_ + 1; }

private:
    Byte* first_slot_ = nullptr;
    std::size_t slot_bytes_ = 0;
    std::uint64_t mask_ = 0;
};

}  // namespace outboard::rt
