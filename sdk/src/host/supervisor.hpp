// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The thread that watches over life and death of services, one priority below the audio thread so
/// that no DSP thread can keep it from acting.

#include "rt/os/handle.hpp"
#include "rt/os/poll.hpp"
#include "sdk/src/host/replica.hpp"

#include <outboard/common.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace outboard::host {

/// One streaming service as the supervisor sees it.
struct Watched {
    const rt::os::UniqueHandle* process = nullptr;
    const rt::os::UniqueHandle* dsp_thread = nullptr;  ///< may not be open
    Replica* replica = nullptr;
    bool is_child = false;
    bool is_condemned = false;
};

class Supervisor {
public:
    /// @param priority     SCHED_FIFO priority, 0: ordinary
    /// @param on_death     called after each death, on the supervisor's thread; must not block
    Supervisor(std::int32_t priority, rt::os::WakeEvent wake, std::function<void()> on_death);
    ~Supervisor();
    Supervisor(const Supervisor&) = delete;
    Supervisor& operator=(const Supervisor&) = delete;

    void watch(const Watched& service);
    /// Afterwards the supervisor touches nothing of it any more.
    void forget(const Replica& replica);

    [[nodiscard]] ob_realtime_grant grant() const;

private:
    void run(std::int32_t priority);
    void look_at_all(const std::vector<rt::os::PollEntry>& entries);
    void look_at(Watched& service, bool has_ended);
    static void note_thread_end(Watched& service);
    [[nodiscard]] std::uint64_t next_look_ns() const;

    rt::os::WakeEvent wake_;
    std::function<void()> on_death_;
    mutable std::mutex mutex_;
    std::condition_variable started_;
    bool has_started_ = false;
    bool is_stopping_ = false;
    ob_realtime_grant grant_{};
    std::vector<Watched> services_;
    std::uint64_t version_ = 0;  ///< of services_
    std::thread thread_;
};

}  // namespace outboard::host
