// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// How far two CPUs are from each other: the round trip of one cache line. On a virtual machine it
/// changes from minute to minute, with where the virtual CPUs happen to run.

#include "bench/forked_process.hpp"

#include <atomic>
#include <cstdint>
#include <vector>

namespace outboard::bench {

class DistanceProbe {
public:
    /// Starts the far end, which sleeps until asked. @pre the process has one thread still
    DistanceProbe(int near_cpu, int far_cpu);
    ~DistanceProbe();
    DistanceProbe(const DistanceProbe&) = delete;
    DistanceProbe(DistanceProbe&&) = delete;
    DistanceProbe& operator=(const DistanceProbe&) = delete;
    DistanceProbe& operator=(DistanceProbe&&) = delete;

    /// @thread one that runs on the near CPU
    /// @return round trip in ns: median of many; 0 when there is one CPU only
    [[nodiscard]] std::uint64_t round_trip_ns();

private:
    struct Shared {
        alignas(64) std::atomic<std::uint32_t> wanted_rounds{
            0};  ///< futex: the far end sleeps here
        alignas(64) std::atomic<std::uint32_t> ping{0};
        alignas(64) std::atomic<std::uint32_t> pong{0};
    };

    [[nodiscard]] static bool answer(Shared& shared, int cpu);

    bool has_two_cpus_;
    SharedObject<Shared> shared_;
    ForkedProcess far_end_;
    std::uint32_t last_ = 0;
};

/// Same L3 or not, by the round trip; the measured classes lie at 70-130 and around 400 ns.
[[nodiscard]] const char* distance_name(std::uint64_t round_trip_ns) noexcept;

}  // namespace outboard::bench
