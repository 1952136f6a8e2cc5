// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Ring of equal elements over caller-owned, usually shared, memory: one producer, one consumer.
/// Order and trust are those of ring_cursor.hpp. Each end is a type of its own, so that the
/// compiler and not a comment sees to it that only a producer pushes.

#include "rt/path/prefetch.hpp"
#include "rt/path/ring_cursor.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

namespace outboard::rt {

/// CPUs fetch the neighbour of a line with it. Two counts in such a pair of lines disturb each
/// other: elements of 4 KiB, one at a time, take a fifth longer.
inline constexpr std::size_t count_distance_bytes = 4 * cache_line_bytes;

/// Shared counters of a ring whose memory both sides can write (threads of one process, or
/// processes that trust each other). Links between processes place the two counts apart.
struct RingControl {
    alignas(count_distance_bytes) SharedCount write_count{0};
    alignas(count_distance_bytes) SharedCount read_count{0};
};
static_assert(std::is_standard_layout_v<RingControl>);
static_assert(offsetof(RingControl, read_count) == count_distance_bytes);
static_assert(sizeof(RingControl) == 2 * count_distance_bytes);

/// How far ahead of a single push the producer fetches the lines of free slots.
inline constexpr std::size_t prefetch_distance_bytes = 2048;

template <typename T>
concept RingElement = std::is_trivially_copyable_v<T>;

/// Calls `copy(first_slot, done, run)` for each stretch of neighbouring slots among the `count`
/// from `position` on: one, or two where they wrap around the end. One memcpy of a whole batch is
/// up to half as fast again as a loop over its elements.
template <typename Copy>
inline void for_each_stretch(std::uint64_t position, std::size_t count, std::uint64_t mask,
                             Copy&& copy) noexcept
{
    const auto first_slot = static_cast<std::size_t>(position & mask);
    const std::size_t until_end = std::min(count, static_cast<std::size_t>(mask) + 1 - first_slot);
    copy(first_slot, std::size_t{0}, until_end);
    if (until_end != count)
        copy(std::size_t{0}, until_end, count - until_end);
}

/// Writing end. One per ring.
template <RingElement T>
class RingProducer {
public:
    /// @pre    slots.size() is a power of two; control and slots outlive this object
    /// @thread control; no other producer is attached
    RingProducer(RingControl& control, std::span<T> slots) noexcept
        : cursor_(control.write_count, control.read_count, slots.size()),
          slots_(slots.data()),
          mask_(slots.size() - 1)
    {}

    /// Copies `value` into the next free slot and announces it.
    /// @thread producer
    /// @rt     wait-free, O(sizeof(T)); no allocation, lock or system call
    /// @return ok, full or corrupt; unless ok, nothing was written
    [[nodiscard]] RingStatus try_push(const T& value) noexcept OB_NONBLOCKING
    {
        const RingStatus status = cursor_.reserve();
        if (status != RingStatus::ok)
            return status;
        slots_[cursor_.position() & mask_] = value;
        cursor_.publish();
        prefetch_ahead();
        return RingStatus::ok;
    }

    /// Copies as many of `values` as there is room for, and announces them all at once.
    /// @thread producer
    /// @rt     wait-free, O(values)
    /// @return how many were taken; 0 also when the peer is corrupt (try_push() tells)
    [[nodiscard]] std::size_t push_some(std::span<const T> values) noexcept OB_NONBLOCKING
    {
        if (cursor_.reserve(values.size()) == RingStatus::corrupt)
            return 0;
        const std::size_t count =
            std::min(values.size(), static_cast<std::size_t>(cursor_.known_free_count()));
        if (count == 0)
            return 0;
        for_each_stretch(cursor_.position(), count, mask_,
                         [&](std::size_t first_slot, std::size_t done, std::size_t run) {
                             std::memcpy(&slots_[first_slot], &values[done], run * sizeof(T));
                         });
        cursor_.publish(count);
        return count;
    }

private:
    /// Takes the lines of a later slot from the consumer's CPU, where they still are: else each
    /// push waits for them, one after the other. Slots that may not be read yet are left alone.
    void prefetch_ahead() const noexcept
    {
        if constexpr (sizeof(T) <= prefetch_bytes_max) {
            constexpr std::size_t slots_ahead =
                std::max<std::size_t>(prefetch_distance_bytes / sizeof(T), 1);
            if (cursor_.known_free_count() > slots_ahead) {
                prefetch_for_write(&slots_[(cursor_.position() + slots_ahead) & mask_], sizeof(T));
            }
        }
    }

    WriteCursor cursor_;
    T* slots_;
    std::uint64_t mask_;
};

/// Reading end. One per ring.
template <RingElement T>
class RingConsumer {
public:
    /// @pre    as for RingProducer
    /// @thread control; no other consumer is attached
    RingConsumer(RingControl& control, std::span<const T> slots) noexcept
        : cursor_(control.read_count, control.write_count, slots.size()),
          slots_(slots.data()),
          mask_(slots.size() - 1)
    {}

    /// Copies the oldest element to `out` and frees its slot. `out` is a private copy: validate
    /// that, not the slot, which the peer can still change.
    /// @thread consumer
    /// @rt     wait-free, O(sizeof(T)); no allocation, lock or system call
    /// @return ok, empty or corrupt; unless ok, `out` is untouched
    [[nodiscard]] RingStatus try_pop(T& out) noexcept OB_NONBLOCKING
    {
        const RingStatus status = cursor_.poll();
        if (status != RingStatus::ok)
            return status;
        out = slots_[cursor_.position() & mask_];
        cursor_.release();
        return RingStatus::ok;
    }

    /// Copies up to `out.size()` elements and frees their slots at once.
    /// @thread consumer
    /// @rt     wait-free, O(out)
    /// @return how many were copied; 0 also when the peer is corrupt (try_pop() tells)
    [[nodiscard]] std::size_t pop_some(std::span<T> out) noexcept OB_NONBLOCKING
    {
        if (cursor_.known_count() < out.size() && cursor_.refresh() != RingStatus::ok)
            return 0;
        const std::size_t count =
            std::min(out.size(), static_cast<std::size_t>(cursor_.known_count()));
        if (count == 0)
            return 0;
        for_each_stretch(cursor_.position(), count, mask_,
                         [&](std::size_t first_slot, std::size_t done, std::size_t run) {
                             std::memcpy(&out[done], &slots_[first_slot], run * sizeof(T));
                         });
        cursor_.release(count);
        return count;
    }

private:
    ReadCursor cursor_;
    const T* slots_;
    std::uint64_t mask_;
};

}  // namespace outboard::rt
