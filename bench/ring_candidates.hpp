// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The rings that are compared, behind one face: an object in shared memory, and its two ends.

#include "rt/path/spsc_ring.hpp"

#include <array>
#include <boost/lockfree/spsc_queue.hpp>
#include <cstddef>
#include <cstdint>
#include <span>

namespace outboard::bench {

/// What travels: `size_bytes`, the first word of which tells elements apart.
template <std::size_t size_bytes>
struct Element {
    std::array<std::uint64_t, size_bytes / sizeof(std::uint64_t)> words;
};

/// 128 KiB of slots, but no fewer than 64 of them: both rings have the same number.
template <typename T>
inline constexpr std::size_t slot_count = sizeof(T) <= 2048 ? 131'072 / sizeof(T) : 64;

template <typename T>
class OutboardRing {
public:
    class Producer {
    public:
        explicit Producer(OutboardRing& ring) noexcept : end_(ring.control_, ring.slots_) {}
        bool push(const T& value) noexcept { return end_.try_push(value) == rt::RingStatus::ok; }
        std::size_t push(std::span<const T> values) noexcept { return end_.push_some(values); }

    private:
        rt::RingProducer<T> end_;
    };

    class Consumer {
    public:
        explicit Consumer(OutboardRing& ring) noexcept : end_(ring.control_, ring.slots_) {}
        bool pop(T& out) noexcept { return end_.try_pop(out) == rt::RingStatus::ok; }
        std::size_t pop(std::span<T> out) noexcept { return end_.pop_some(out); }

    private:
        rt::RingConsumer<T> end_;
    };

private:
    rt::RingControl control_;
    alignas(rt::cache_line_bytes) std::array<T, slot_count<T>> slots_{};
};

template <typename T>
class BoostRing {
    using Queue = boost::lockfree::spsc_queue<T, boost::lockfree::capacity<slot_count<T>>>;

public:
    class Producer {
    public:
        explicit Producer(BoostRing& ring) noexcept : queue_(&ring.queue_) {}
        bool push(const T& value) noexcept { return queue_->push(value); }
        std::size_t push(std::span<const T> values) noexcept
        {
            return queue_->push(values.data(), values.size());
        }

    private:
        Queue* queue_;
    };

    class Consumer {
    public:
        explicit Consumer(BoostRing& ring) noexcept : queue_(&ring.queue_) {}
        bool pop(T& out) noexcept { return queue_->pop(out); }
        std::size_t pop(std::span<T> out) noexcept { return queue_->pop(out.data(), out.size()); }

    private:
        Queue* queue_;
    };

private:
    Queue queue_;
};

}  // namespace outboard::bench
