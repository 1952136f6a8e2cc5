// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What this process says to its hosts when it dies: at each link the word `life`, a ring for
/// everybody who may wait, and then what happened where (link::CrashArea).

#include "rt/control/result.hpp"
#include "sdk/src/link/layout.hpp"

#include <atomic>
#include <cstdint>

namespace outboard::service {

/// From now on the links that there are at a crash, or at exit(), hear of it.
/// @pre the main thread calls it, before there are others
[[nodiscard]] rt::Result<void> prepare_last_words() noexcept;

/// The last words at one link, for as long as this lives.
class LastWords {
public:
    /// @pre both segments outlive it
    /// @thread control
    LastWords(link::ServiceSegment& segment, link::BellsSegment& bells) noexcept;
    ~LastWords();
    LastWords(const LastWords&) = delete;
    LastWords(LastWords&&) = delete;
    LastWords& operator=(const LastWords&) = delete;
    LastWords& operator=(LastWords&&) = delete;

    /// Whose block is in progress: a string that lives as long as the process. @thread dsp
    [[nodiscard]] std::atomic<const char*>& processor() noexcept { return processor_; }

    // ---- on the thread that dies ----
    /// @param life  link::dying_of_signal() or link::dying_by_exit()
    void say(std::uint32_t life) noexcept;
    [[nodiscard]] link::CrashArea& crash() noexcept { return segment_.crash; }
    /// The block inside a processor (link::BlockInProgress), 0 for none.
    [[nodiscard]] std::uint64_t block() const noexcept;

private:
    link::ServiceSegment& segment_;
    link::BellsSegment& bells_;
    std::atomic<const char*> processor_{""};
};

}  // namespace outboard::service
