// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What a caller counts while it streams; any thread may read it meanwhile.

#include "rt/path/histogram.hpp"
#include "rt/path/spsc_ring.hpp"

#include <outboard/host.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace outboard::host {

/// A counter with one writer: a load and a store instead of an atomic addition.
class Counter {
public:
    void add(std::uint64_t amount = 1) noexcept
    {
        value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t get() const noexcept
    {
        return value_.load(std::memory_order_relaxed);
    }

private:
    std::atomic<std::uint64_t> value_{0};
};

struct Counters {
    Counter blocks, frames, frames_lost, concealed_blocks, deadline_misses, late_replies,
        not_posted, non_finite_blocks, corrupt_replies, failovers, events_dropped,
        incidents_dropped, diverged_blocks, resets;
};

inline constexpr std::size_t histogram_kind_count = 4;

/// Incidents from the caller to one reader; the oldest are kept, newer ones counted as dropped.
class IncidentQueue {
public:
    static constexpr std::size_t capacity = 4096;

    /// @thread caller
    /// @rt     wait-free
    [[nodiscard]] bool push(const ob_incident& incident) noexcept
    {
        return producer_.try_push(incident) == rt::RingStatus::ok;
    }
    /// @thread control, one reader
    [[nodiscard]] bool pop(ob_incident& out) noexcept
    {
        return consumer_.try_pop(out) == rt::RingStatus::ok;
    }

private:
    rt::RingControl control_;
    std::vector<ob_incident> slots_ = std::vector<ob_incident>(capacity);
    rt::RingProducer<ob_incident> producer_{control_, slots_};
    rt::RingConsumer<ob_incident> consumer_{control_, slots_};
};

struct Statistics {
    Counters counters;
    std::array<rt::Histogram, histogram_kind_count> histograms;  ///< by ob_histogram_kind
    IncidentQueue incidents;

    /// @thread caller
    void report(const ob_incident& incident) noexcept
    {
        if (!incidents.push(incident))
            counters.incidents_dropped.add();
    }
};

}  // namespace outboard::host
