// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A stream whose service is killed again and again, in the middle of a block; and the time from
/// the signal until the caller went on.

#include "bench/chunked_ratio.hpp"

#include <outboard/host.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>

namespace outboard::bench {

struct DetectConfig {
    std::size_t resident_mib = 4;
    int signal_number = 9;
    bool dumps_core = false;
    ob_placement placement = OB_PLACEMENT_OTHER;
    bool has_standby = false;
    int caller_cpu = 0;
    int killer_cpu = 1;
    int caller_priority = 0;  ///< SCHED_FIFO; 0: ordinary
};

/// Sends one signal at a given time, from a thread above all that are to be measured.
class Killer {
public:
    Killer(int cpu, int priority);
    ~Killer();
    Killer(const Killer&) = delete;
    Killer(Killer&&) = delete;
    Killer& operator=(const Killer&) = delete;
    Killer& operator=(Killer&&) = delete;

    /// @param thread_id  0: the whole process
    void arm(std::int32_t process_id, std::int32_t thread_id, int signal_number,
             std::uint64_t time_ns) noexcept;
    /// When the signal was sent; 0: not yet.
    [[nodiscard]] std::uint64_t struck_ns() const noexcept;

private:
    void run(int cpu, int priority) noexcept;

    std::int32_t process_id_ = 0;
    std::int32_t thread_id_ = 0;
    int signal_number_ = 0;
    std::uint64_t time_ns_ = 0;
    std::atomic<std::uint32_t> armed_{0};
    std::atomic<std::uint64_t> struck_ns_{0};
    std::atomic<bool> is_stopping_{false};
    std::thread thread_;
};

class DetectRig {
public:
    /// Starts the services; throws when that fails.
    explicit DetectRig(const DetectConfig& config);

    /// On the caller's thread: waits until the set is whole, and kills the primary.
    /// @return the time to detect; nothing when the stream did not come to be whole
    [[nodiscard]] std::optional<std::uint64_t> kill_once();

    /// Of the service that was killed last.
    [[nodiscard]] std::size_t resident_bytes() const noexcept { return resident_bytes_; }
    /// Incidents that named another cause or signal than ours.
    [[nodiscard]] std::size_t wrong_causes() const noexcept { return wrong_causes_; }

private:
    [[nodiscard]] bool wait_until_whole();
    ob_status process_once() noexcept;
    static void wait_until_gone(std::int32_t process_id);
    void check_incident();

    DetectConfig config_;
    std::string executable_;
    Host host_;
    Caller caller_;
    std::optional<Insert> insert_;
    Killer killer_;
    std::uint64_t jitter_ = 0;
    std::size_t resident_bytes_ = 0;
    std::size_t wrong_causes_ = 0;
};

}  // namespace outboard::bench
