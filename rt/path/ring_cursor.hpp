// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The two ends of every single-producer/single-consumer ring: counters without the slots.
///
///     writer process                                            reader process
///     WriteCursor --- release (P) ---> write_count --- acquire (C) ---> ReadCursor
///          ^--------- acquire (F) ---- read_count <---- release (G) -------'
///
/// Counters are 64 bit and run freely, so no slot is wasted to tell full from empty:
///     empty: write_count == read_count        full: write_count - read_count == capacity
///
/// Each counter lies in memory that only its own side can write (docs/protocol.md). The truth
/// about our own counter is private; the shared one is only published. The peer's counter is data:
/// one that breaks `write_count - read_count <= capacity` is reported, never obeyed.

#include "rt/path/contract.hpp"

#include <atomic>
#include <bit>
#include <cstdint>

namespace outboard::rt {

using SharedCount = std::atomic<std::uint64_t>;
static_assert(SharedCount::is_always_lock_free, "cross-process atomics need this");

enum class RingStatus : std::uint8_t {
    ok,
    full,     ///< expected: try again later
    empty,    ///< expected: nothing is there yet
    corrupt,  ///< the peer broke the protocol: stop using this ring and report it
};

/// Writing end. One per ring.
class WriteCursor {
public:
    WriteCursor() noexcept = default;

    /// @pre    capacity is a power of two; both counters outlive the cursor and are equal
    /// @thread control
    WriteCursor(SharedCount& write_count, const SharedCount& read_count,
                std::uint64_t capacity) noexcept
        : write_count_(&write_count),
          read_count_(&read_count),
          capacity_(capacity),
          write_(write_count.load(std::memory_order_relaxed)),
          read_seen_(write_)
    {
        OB_ASSERT(std::has_single_bit(capacity));
    }

    /// Makes sure that `slot_count` slots are free from position() on.
    /// @thread producer
    /// @rt     wait-free
    /// @return ok, full or corrupt
    [[nodiscard]] RingStatus reserve(std::uint64_t slot_count = 1) noexcept OB_NONBLOCKING
    {
        if (write_ + slot_count - read_seen_ <= capacity_) [[likely]]
            return RingStatus::ok;
        // acquire (F), pairs with release (G): the consumer has finished with every slot below
        // this count, so they may be overwritten.
        const std::uint64_t read = read_count_->load(std::memory_order_acquire);
        if (write_ - read > capacity_)
            return RingStatus::corrupt;
        read_seen_ = read;
        return write_ + slot_count - read <= capacity_ ? RingStatus::ok : RingStatus::full;
    }

    /// How many slots are known to be free; reserve() of more than that looks again.
    [[nodiscard]] std::uint64_t known_free_count() const noexcept
    {
        return capacity_ - (write_ - read_seen_);
    }

    /// Count of the next slot to fill; the slot is `position() % capacity`.
    [[nodiscard]] std::uint64_t position() const noexcept { return write_; }

    /// Announces `slot_count` slots, filled since reserve().
    /// @thread producer
    /// @rt     wait-free
    void publish(std::uint64_t slot_count = 1) noexcept OB_NONBLOCKING
    {
        write_ += slot_count;
        // release (P), pairs with acquire (C): the slots are complete before the count that
        // announces them.
        write_count_->store(write_, std::memory_order_release);
    }

private:
    SharedCount* write_count_ = nullptr;
    const SharedCount* read_count_ = nullptr;
    std::uint64_t capacity_ = 0;
    std::uint64_t write_ = 0;
    std::uint64_t read_seen_ = 0;  ///< last known read_count: spares a cache miss while not full
};

/// Reading end. One per ring.
class ReadCursor {
public:
    ReadCursor() noexcept = default;

    /// @pre    as for WriteCursor
    /// @thread control
    ReadCursor(SharedCount& read_count, const SharedCount& write_count,
               std::uint64_t capacity) noexcept
        : read_count_(&read_count),
          write_count_(&write_count),
          capacity_(capacity),
          read_(read_count.load(std::memory_order_relaxed)),
          write_seen_(read_)
    {
        OB_ASSERT(std::has_single_bit(capacity));
    }

    /// Looks whether a complete slot is there at position().
    /// @thread consumer
    /// @rt     wait-free
    /// @return ok, empty or corrupt
    [[nodiscard]] RingStatus poll() noexcept OB_NONBLOCKING
    {
        if (write_seen_ != read_) [[likely]]
            return RingStatus::ok;
        return refresh();
    }

    /// How many slots are known to be complete; at least 1 after poll() said ok.
    [[nodiscard]] std::uint64_t known_count() const noexcept { return write_seen_ - read_; }

    /// Looks at the peer's counter again, even when known slots are left.
    /// @thread consumer
    /// @rt     wait-free
    [[nodiscard]] RingStatus refresh() noexcept OB_NONBLOCKING
    {
        // acquire (C), pairs with release (P): slots below this count are complete.
        const std::uint64_t write = write_count_->load(std::memory_order_acquire);
        if (write - read_ > capacity_)
            return RingStatus::corrupt;
        write_seen_ = write;
        return write == read_ ? RingStatus::empty : RingStatus::ok;
    }

    /// Count of the oldest slot; the slot is `position() % capacity`.
    [[nodiscard]] std::uint64_t position() const noexcept { return read_; }

    /// Gives `slot_count` slots back.
    /// @pre    slot_count <= known_count()
    /// @thread consumer
    /// @rt     wait-free
    void release(std::uint64_t slot_count = 1) noexcept OB_NONBLOCKING
    {
        read_ += slot_count;
        // release (G), pairs with acquire (F): we are done with the slots before the count that
        // gives them back.
        read_count_->store(read_, std::memory_order_release);
    }

private:
    SharedCount* read_count_ = nullptr;
    const SharedCount* write_count_ = nullptr;
    std::uint64_t capacity_ = 0;
    std::uint64_t read_ = 0;
    std::uint64_t write_seen_ = 0;
};

}  // namespace outboard::rt
