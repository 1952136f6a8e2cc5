// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The checks: each looks at files and probes, and gives a verdict, what it found, and a remedy.
/// None of them calls the system, so tests can show them any machine.

#include "bench/doctor/finding.hpp"
#include "bench/doctor/probes.hpp"
#include "bench/doctor/system_files.hpp"

#include <vector>

namespace outboard::doctor {

// rights_checks.cpp: what this user's processes may do
[[nodiscard]] Finding check_scheduling(const Probes& probes);
[[nodiscard]] Finding check_priority_limit(const SystemFiles& files, const Probes& probes);
[[nodiscard]] Finding check_locked_memory_limit(const SystemFiles& files);
[[nodiscard]] Finding check_run_time_limit(const SystemFiles& files);
[[nodiscard]] Finding check_realtime_kit(const Probes& probes);
[[nodiscard]] Finding check_throttling(const SystemFiles& files);

// kernel_checks.cpp: what the kernel was built and booted with
[[nodiscard]] Finding check_kernel(const SystemFiles& files, const Probes& probes);
[[nodiscard]] Finding check_preemption(const SystemFiles& files);
[[nodiscard]] Finding check_clock_source(const SystemFiles& files);
[[nodiscard]] Finding check_sandbox(const SystemFiles& files, const Probes& probes);

// cpu_checks.cpp: what delays a CPU
[[nodiscard]] Finding check_governor(const SystemFiles& files);
[[nodiscard]] Finding check_idle_states(const SystemFiles& files, const Probes& probes);
[[nodiscard]] Finding check_cpu_latency(const SystemFiles& files, const Probes& probes);
[[nodiscard]] Finding check_hyper_threads(const SystemFiles& files);
[[nodiscard]] Finding check_virtualisation(const SystemFiles& files);
[[nodiscard]] Finding check_steal(const Probes& probes);
[[nodiscard]] Finding check_wake_ups(const Probes& probes);

// session_checks.cpp: what surrounds an audio program
[[nodiscard]] Finding check_runtime_directory(const SystemFiles& files, const Probes& probes);
[[nodiscard]] Finding check_memory(const SystemFiles& files);
[[nodiscard]] Finding check_audio_servers(const SystemFiles& files, const Probes& probes);

/// All of them, in the order in which people read them.
[[nodiscard]] std::vector<Finding> check_all(const SystemFiles& files, const Probes& probes);

}  // namespace outboard::doctor
