// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The hop as a host has it: an insert with the processor `null`, through the public C API.

#include <outboard/block_times.h>
#include <outboard/host.h>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace outboard::bench {

class NullHop {
public:
    struct Config {
        int caller_cpu = 0;
        int caller_priority = 0;         ///< SCHED_FIFO; 0: ordinary
        std::uint32_t frame_count = 64;  ///< of a block; stereo
        ob_mode mode = OB_MODE_SYNC;
        ob_fallback fallback = OB_FALLBACK_DRY;
        ob_placement placement = OB_PLACEMENT_SAME;
        std::uint32_t spin_us = 0;
        bool hold_cpu_latency = false;
    };

    /// Starts the service; throws when that fails: there is nothing to measure then.
    explicit NullHop(const Config& config);

    /// Both channels, one behind the other. @return whether the answer came in time
    bool hop(std::span<const float> in, std::span<float> out) noexcept;

    /// Lets the coming hop wait for a second instead of half a period.
    void begin_patiently() noexcept;

    /// Of the last hop.
    [[nodiscard]] ob_block_times block_times() const noexcept;
    [[nodiscard]] std::uint32_t latency_frames() const noexcept;

    /// Time inside process() without waits and wakes.
    [[nodiscard]] ob_histogram_summary own_cost() const;
    [[nodiscard]] ob_insert_status status() const;
    [[nodiscard]] bool holds_cpu_latency() const noexcept { return cpu_latency_held_; }

private:
    template <auto destroy>
    struct Destroyer {
        template <typename T>
        void operator()(T* object) const noexcept
        {
            destroy(object);
        }
    };

    void create_host(const Config& config);
    void create_caller(const Config& config);
    void create_insert(const Config& config);

    std::uint32_t frame_count_;
    bool cpu_latency_held_ = false;
    std::unique_ptr<ob_host, Destroyer<ob_host_destroy>> host_;
    std::unique_ptr<ob_caller, Destroyer<ob_caller_destroy>> caller_;
    std::unique_ptr<ob_insert, Destroyer<ob_insert_destroy>> insert_;
};

}  // namespace outboard::bench
