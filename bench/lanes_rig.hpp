// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A mixer for benchmarks: many inserts with one processor, spread over a few services, all of them
/// posted, flushed and collected in each cycle.

#include <outboard/host.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace outboard::bench {

/// Nothing is to be concealed: for measurements without deadlines.
inline constexpr std::uint64_t patience_ns = 1'000'000'000;

struct LanesConfig {
    std::string service = "null";
    std::size_t lane_count = 1;
    std::size_t service_count = 1;
    int caller_cpu = 0;
    int caller_priority = 0;  ///< SCHED_FIFO; 0: ordinary
    ob_placement placement = OB_PLACEMENT_SAME;
    bool hold_cpu_latency = false;
    std::uint64_t budget_ns = patience_ns;  ///< of a cycle
};

/// What the host and its services used, in all since they began.
struct LanesUse {
    std::uint64_t host_cpu_ns = 0;  ///< of the calling thread, within cycles
    std::uint64_t service_cpu_ns = 0;
    std::uint64_t wakes = 0;  ///< of all services
};

class LanesRig {
public:
    static constexpr std::uint32_t frame_count = 64;

    explicit LanesRig(const LanesConfig& config);

    /// One cycle. @return how long it took, in ns
    [[nodiscard]] std::uint64_t cycle();

    [[nodiscard]] LanesUse use() const;
    /// Answers that did not come.
    [[nodiscard]] std::uint64_t missed_count() const noexcept { return missed_count_; }
    [[nodiscard]] std::size_t process_count() const noexcept { return threads_.size(); }

private:
    struct DspThread {
        std::int32_t process_id;
        std::int32_t thread_id;
    };
    using Block = std::array<float, std::size_t{2} * frame_count>;
    struct Strip {
        Insert insert;
        Block in;
        Block out;
    };

    void find_threads();

    std::uint64_t budget_ns_;
    Host host_;
    Caller caller_;
    std::vector<Strip> strips_;
    std::vector<DspThread> threads_;
    std::uint64_t host_cpu_ns_ = 0;
    std::uint64_t missed_count_ = 0;
};

}  // namespace outboard::bench
