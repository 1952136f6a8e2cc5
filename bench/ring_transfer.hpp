// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// One producer process, one consumer process, two rings between them: elements are sent through
/// one or the other, a chunk at a time, and each chunk is timed from its first push to its last
/// pop.

#include "bench/forked_process.hpp"
#include "bench/machine.hpp"
#include "bench/ring_candidates.hpp"
#include "rt/os/clock.hpp"
#include "rt/os/futex.hpp"
#include "rt/path/bell.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace outboard::bench {

inline constexpr std::size_t batch_size = 32;
inline constexpr int ring_priority = 50;

enum class Batching : std::uint8_t { one_at_a_time, in_batches };
enum class RingKind : std::uint32_t { ours, other };

template <typename T>
class RingTransfer {
public:
    /// @param element_count  of a chunk; a multiple of the batch
    RingTransfer(Batching batching, std::uint64_t element_count, int producer_cpu, int consumer_cpu)
        : batching_(batching),
          element_count_(element_count),
          consumer_([this, consumer_cpu] { return consume_chunks(consumer_cpu); })
    {
        OB_ASSERT(element_count % batch_size == 0);
        take_cpu(producer_cpu, ring_priority);
        for (std::size_t index = 0; index < batch_size; ++index)
            source_[index].words.fill(index);
    }

    /// Sends one chunk. @return ns for all of its elements; nothing when one was lost or doubled
    [[nodiscard]] std::optional<std::uint64_t> run_chunk(RingKind kind)
    {
        Shared& shared = *shared_;
        shared.kind = kind;
        const std::uint32_t chunk = shared.started.load(std::memory_order_relaxed) + 1;
        shared.awake.store(0, std::memory_order_relaxed);
        shared.started.store(chunk, std::memory_order_release);
        rt::os::futex_wake(shared.started, rt::os::FutexScope::shared);
        await(shared.awake, chunk);

        const std::uint64_t start_ns = rt::os::monotonic_ns();
        if (kind == RingKind::ours) {
            produce(typename OutboardRing<T>::Producer{shared.ours});
        } else {
            produce(typename BoostRing<T>::Producer{shared.other});
        }
        await(shared.finished, chunk);
        if (shared.wrong_count != 0)
            return std::nullopt;
        return shared.end_ns - start_ns;
    }

private:
    struct Shared {
        alignas(64) std::atomic<std::uint32_t> started{0};  ///< futex: the consumer sleeps here
        alignas(64) std::atomic<std::uint32_t> awake{0};
        alignas(64) std::atomic<std::uint32_t> finished{0};
        RingKind kind = RingKind::ours;
        std::uint64_t end_ns = 0;
        std::uint64_t wrong_count = 0;
        OutboardRing<T> ours;
        alignas(64) BoostRing<T> other;
    };

    static void await(const std::atomic<std::uint32_t>& word, std::uint32_t value) noexcept
    {
        while (word.load(std::memory_order_acquire) != value)
            rt::spin_pause();
    }

    template <typename Producer>
    void produce(Producer producer) noexcept
    {
        for (std::uint64_t sent = 0; sent < element_count_; sent += batch_size) {
            if (batching_ == Batching::one_at_a_time) {
                for (const T& element : source_) {
                    while (!producer.push(element))
                        rt::spin_pause();
                }
                continue;
            }
            for (std::span<const T> rest{source_}; !rest.empty();) {
                const std::size_t count = producer.push(rest);
                rest = rest.subspan(count);
                if (count == 0)
                    rt::spin_pause();
            }
        }
    }

    template <typename Consumer>
    [[nodiscard]] std::uint64_t count_wrong(Consumer consumer) noexcept
    {
        std::uint64_t wrong_count = 0;
        for (std::uint64_t received = 0; received < element_count_;) {
            if (batching_ == Batching::one_at_a_time) {
                while (!consumer.pop(destination_[0]))
                    rt::spin_pause();
                wrong_count += destination_[0].words[0] != received++ % batch_size ? 1 : 0;
                continue;
            }
            const auto room = std::min<std::uint64_t>(batch_size, element_count_ - received);
            const std::size_t count = consumer.pop(std::span<T>{destination_}.first(room));
            if (count == 0)
                rt::spin_pause();
            for (std::size_t index = 0; index < count; ++index)
                wrong_count += destination_[index].words[0] != received++ % batch_size ? 1 : 0;
        }
        return wrong_count;
    }

    /// The consumer process.
    [[nodiscard]] bool consume_chunks(int cpu) noexcept
    {
        take_cpu(cpu, ring_priority);
        Shared& shared = *shared_;
        for (std::uint32_t chunk = 1;; ++chunk) {
            while (shared.started.load(std::memory_order_acquire) != chunk) {
                static_cast<void>(
                    rt::os::futex_wait({&shared.started, chunk - 1, rt::os::FutexScope::shared},
                                       rt::os::no_deadline_ns));
            }
            shared.awake.store(chunk, std::memory_order_release);
            if (shared.kind == RingKind::ours) {
                shared.wrong_count = count_wrong(typename OutboardRing<T>::Consumer{shared.ours});
            } else {
                shared.wrong_count = count_wrong(typename BoostRing<T>::Consumer{shared.other});
            }
            shared.end_ns = rt::os::monotonic_ns();
            shared.finished.store(chunk, std::memory_order_release);
        }
    }

    Batching batching_;
    std::uint64_t element_count_;
    alignas(64) std::array<T, batch_size> source_{};
    alignas(64) std::array<T, batch_size> destination_{};
    SharedObject<Shared> shared_;
    ForkedProcess consumer_;
};

}  // namespace outboard::bench
