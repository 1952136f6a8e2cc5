// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// How the audio thread is to be scheduled, and what it can have: tried out before services are
/// started, as their own priorities follow from it.

#include "sdk/cli/run_options.hpp"

#include <outboard/host.hpp>

#include <cstdint>

namespace outboard::cli {

struct AudioThreadPlan {
    std::int32_t priority = 0;  ///< 0: ordinary
    std::int32_t cpu = -1;      ///< -1: not pinned
};

/// At free pace everything is ordinary. In real time the thread is pinned unless `--placement none`
/// leaves all to the kernel: only beside a pinned audio thread services may share its CPU.
[[nodiscard]] AudioThreadPlan plan_audio_thread(const RunOptions& options);

/// Gives the calling thread what the plan asks for.
[[nodiscard]] ob_realtime_grant apply(const AudioThreadPlan& plan) noexcept;

struct AudioThreadProbe {
    ob_realtime_grant grant{};
    CallerConfig caller;  ///< for a caller on such a thread
};

/// Applies the plan to a thread that ends at once.
/// @throws outboard::Error
[[nodiscard]] AudioThreadProbe probe(const AudioThreadPlan& plan);

/// One below the audio thread; 0 when that is not real-time.
[[nodiscard]] std::int32_t supervisor_priority(const ob_realtime_grant& audio_thread) noexcept;

}  // namespace outboard::cli
