// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Ring of equal elements over caller-owned, usually shared, memory: one producer, one consumer.
/// Order and trust are those of ring_cursor.hpp. Each end is a type of its own, so that the
/// compiler and not a comment sees to it that only a producer pushes.

#include "rt/path/ring_cursor.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

namespace outboard::rt {

/// Shared counters of a ring whose memory both sides can write (threads of one process, or
/// processes that trust each other). Links between processes place the two counts apart.
struct RingControl {
    alignas(cache_line_bytes) SharedCount write_count{0};
    alignas(cache_line_bytes) SharedCount read_count{0};
};
static_assert(std::is_standard_layout_v<RingControl>);
static_assert(offsetof(RingControl, read_count) == cache_line_bytes);
static_assert(sizeof(RingControl) == 2 * cache_line_bytes);

template <typename T>
concept RingElement = std::is_trivially_copyable_v<T>;

/// Most elements that are worth a prefetch for writing, and least.
inline constexpr std::size_t prefetch_bytes_min = 256;
inline constexpr std::size_t prefetch_bytes_max = 2048;

/// Asks for the lines of an element that will be written soon. Measured on 512 B to 1 KiB
/// elements: a third faster in batches; at 4 KiB slower, hence the bounds.
template <typename T>
inline void prefetch_for_write(const T* element) noexcept
{
    if constexpr (sizeof(T) >= prefetch_bytes_min && sizeof(T) <= prefetch_bytes_max) {
        const auto* const bytes = reinterpret_cast<const char*>(element);
        for (std::size_t offset = 0; offset < sizeof(T); offset += cache_line_bytes)
            __builtin_prefetch(bytes + offset, 1, 3);
    }
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
        return RingStatus::ok;
    }

    /// Copies as many of `values` as there is room for, and announces them all at once.
    /// @thread producer
    /// @rt     wait-free, O(values)
    /// @return how many were taken; 0 also when the peer is corrupt (try_push() tells)
    [[nodiscard]] std::size_t push_some(std::span<const T> values) noexcept OB_NONBLOCKING
    {
        std::size_t count = values.size();
        if (cursor_.reserve(count) != RingStatus::ok)
            count = largest_fit(count);
        const std::uint64_t first = cursor_.position();
        for (std::size_t index = 0; index < count; ++index) {
            prefetch_for_write(&slots_[(first + index + 2) & mask_]);
            slots_[(first + index) & mask_] = values[index];
        }
        if (count != 0)
            cursor_.publish(count);
        return count;
    }

private:
    /// The largest count below `count` that fits, by halving: a few steps, no peer value is used.
    [[nodiscard]] std::size_t largest_fit(std::size_t count) noexcept
    {
        std::size_t fit = 0;
        for (std::size_t step = std::bit_floor(count); step != 0; step /= 2) {
            if (fit + step <= count && cursor_.reserve(fit + step) == RingStatus::ok)
                fit += step;
        }
        return fit;
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
        const std::uint64_t first = cursor_.position();
        for (std::size_t index = 0; index < count; ++index)
            out[index] = slots_[(first + index) & mask_];
        if (count != 0)
            cursor_.release(count);
        return count;
    }

private:
    ReadCursor cursor_;
    const T* slots_;
    std::uint64_t mask_;
};

}  // namespace outboard::rt
