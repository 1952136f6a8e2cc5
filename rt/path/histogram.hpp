// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Log-linear histogram of durations: 64 buckets an octave, so that a value is known within 0.8 %.
/// The idea is Gil Tene's HdrHistogram; this one has one writer, fixed memory and relaxed counters
/// that any thread may read meanwhile.

#include "rt/path/contract.hpp"
#include "rt/path/prefetch.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace outboard::rt {

class Histogram {
public:
    static constexpr std::uint32_t sub_bucket_bits = 6;
    static constexpr std::uint64_t linear_end_ns = std::uint64_t{2} << sub_bucket_bits;
    static constexpr std::uint32_t value_bits_max = 36;  ///< 68 s; longer counts as that
    static constexpr std::uint64_t value_max_ns = (std::uint64_t{1} << value_bits_max) - 1;
    static constexpr std::size_t bucket_count =
        linear_end_ns + (value_bits_max - sub_bucket_bits - 1) * (linear_end_ns / 2);

    /// Counts one value.
    /// @thread the one writer
    /// @rt     wait-free, a few ns
    void record(std::uint64_t value_ns) noexcept OB_NONBLOCKING
    {
        last_index_ = index_of(value_ns);
        add_one(buckets_[last_index_]);
        add_one(count_);
        if (value_ns > max_ns_.load(std::memory_order_relaxed))
            max_ns_.store(value_ns, std::memory_order_relaxed);
        if (value_ns < min_ns_.load(std::memory_order_relaxed))
            min_ns_.store(value_ns, std::memory_order_relaxed);
    }

    /// Fetches the lines that record() will write, if the value is near the last one.
    /// @thread the one writer
    void prefetch() const noexcept OB_NONBLOCKING
    {
        prefetch_for_write(&count_, cache_line_bytes);
        prefetch_for_write(&buckets_[last_index_], cache_line_bytes);
    }

    // Reading: any thread, at any time; what is recorded meanwhile may be in or not.
    [[nodiscard]] std::uint64_t count() const noexcept
    {
        return count_.load(std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t max_ns() const noexcept
    {
        return max_ns_.load(std::memory_order_relaxed);
    }
    /// 0 while nothing is recorded.
    [[nodiscard]] std::uint64_t min_ns() const noexcept
    {
        return count() == 0 ? 0 : min_ns_.load(std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t bucket(std::size_t index) const noexcept
    {
        return buckets_[index].load(std::memory_order_relaxed);
    }

    /// The smallest recorded value with at least `quantile` of all values at or below it: the
    /// middle of its bucket, within 0.8 %, and never outside min_ns() .. max_ns().
    /// @param quantile  0 .. 1
    [[nodiscard]] std::uint64_t quantile_ns(double quantile) const noexcept
    {
        std::uint64_t total = 0;
        for (const auto& bucket : buckets_)
            total += bucket.load(std::memory_order_relaxed);
        if (total == 0)
            return 0;
        const auto exact_rank = quantile * static_cast<double>(total);
        auto rank = static_cast<std::uint64_t>(exact_rank);
        rank += static_cast<double>(rank) < exact_rank ? 1 : 0;
        rank = std::clamp<std::uint64_t>(rank, 1, total);
        std::size_t index = 0;
        for (std::uint64_t below = bucket(0); below < rank; below += bucket(index))
            ++index;
        const std::uint64_t middle_ns = (lower_ns(index) + upper_ns(index) - 1) / 2;
        return std::clamp(middle_ns, min_ns(), std::max(min_ns(), max_ns()));
    }

    [[nodiscard]] static constexpr std::size_t index_of(std::uint64_t value_ns) noexcept
    {
        const std::uint64_t value = std::min(value_ns, value_max_ns);
        if (value < linear_end_ns)
            return static_cast<std::size_t>(value);
        const auto octave = static_cast<std::uint32_t>(std::bit_width(value)) - sub_bucket_bits - 1;
        const std::uint64_t half = linear_end_ns / 2;
        return static_cast<std::size_t>(linear_end_ns + (octave - 1) * half +
                                        ((value >> octave) - half));
    }
    /// Smallest value of a bucket.
    [[nodiscard]] static constexpr std::uint64_t lower_ns(std::size_t index) noexcept
    {
        if (index < linear_end_ns)
            return index;
        const std::uint64_t half = linear_end_ns / 2;
        const std::uint64_t octave = (index - linear_end_ns) / half + 1;
        return (half + (index - linear_end_ns) % half) << octave;
    }
    /// First value beyond a bucket.
    [[nodiscard]] static constexpr std::uint64_t upper_ns(std::size_t index) noexcept
    {
        return lower_ns(index + 1);
    }

private:
    /// One writer: a load and a store, which is cheaper than an atomic addition.
    static void add_one(std::atomic<std::uint64_t>& counter) noexcept
    {
        counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }

    alignas(cache_line_bytes) std::atomic<std::uint64_t> count_{0};
    std::atomic<std::uint64_t> max_ns_{0};
    std::atomic<std::uint64_t> min_ns_{~std::uint64_t{0}};
    std::size_t last_index_ = 0;  ///< the writer's own
    std::array<std::atomic<std::uint64_t>, bucket_count> buckets_{};
};
static_assert(Histogram::index_of(Histogram::value_max_ns) + 1 == Histogram::bucket_count);
static_assert(Histogram::lower_ns(Histogram::index_of(1'000'000)) <= 1'000'000);

}  // namespace outboard::rt
