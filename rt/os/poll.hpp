// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Waiting for handles on a control thread, and waking such a thread from another.

#include "rt/control/result.hpp"
#include "rt/os/handle.hpp"

#include <cstdint>
#include <span>

namespace outboard::rt::os {

/// One handle to wait for; `ready` is set by wait_readable(). A negative handle is passed over.
struct PollEntry {
    int handle = -1;
    bool ready = false;  ///< readable, closed by the peer, or in error
};

/// Waits until an entry is ready or `deadline_ns` (monotonic_ns() clock; no_deadline_ns: for ever)
/// has passed. Signals do not end the wait.
/// @return how many are ready
/// @rt     no: blocks
[[nodiscard]] Result<int> wait_readable(std::span<PollEntry> entries,
                                        std::uint64_t deadline_ns) noexcept;

/// Wakes a thread that waits for its handle. signal() may be called from any thread; it is one
/// system call, so never from the real-time path.
class WakeEvent {
public:
    [[nodiscard]] static Result<WakeEvent> create() noexcept;

    void signal() const noexcept;
    /// Makes it unreadable again. Call before looking for work.
    void clear() const noexcept;
    [[nodiscard]] int handle() const noexcept { return handle_.get(); }

private:
    explicit WakeEvent(UniqueHandle handle) noexcept : handle_(std::move(handle)) {}
    UniqueHandle handle_;
};

}  // namespace outboard::rt::os
