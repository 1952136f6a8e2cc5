// SPDX-License-Identifier: MIT

#include "bench/doctor/probes.hpp"

#include "bench/doctor/system_files.hpp"
#include "rt/os/clock.hpp"
#include "rt/os/futex.hpp"
#include "rt/os/process.hpp"
#include "rt/os/sandbox.hpp"
#include "rt/os/scheduling.hpp"
#include "rt/path/histogram.hpp"

#include <cstdlib>
#include <memory>
#include <thread>

namespace outboard::doctor {

namespace {

constexpr std::uint64_t interval_ns = 1'000'000;
constexpr std::uint64_t warm_up_count = 20;
constexpr std::uint64_t count_for_p99_9 = 100'000;

void sleep_and_record(std::uint64_t duration_ns, rt::Histogram& lateness)
{
    const std::uint64_t wake_up_count = warm_up_count + duration_ns / interval_ns;
    std::uint64_t due_ns = rt::os::monotonic_ns() + interval_ns;
    for (std::uint64_t index = 0; index < wake_up_count; ++index) {
        rt::os::sleep_until_ns(due_ns);
        const std::uint64_t now_ns = rt::os::monotonic_ns();
        if (index >= warm_up_count)
            lateness.record(now_ns - due_ns);
        // What was slept over is one late wake-up, not many.
        while (due_ns <= now_ns)
            due_ns += interval_ns;
    }
}

/// That of an audio thread, or what the limit leaves of it.
[[nodiscard]] int priority_to_ask_for() noexcept
{
    const int limit = rt::os::fifo_priority_limit();
    return limit >= lowest_useful_priority && limit < audio_priority ? limit : audio_priority;
}

/// On a thread of its own, so that nobody keeps the rights.
void measure_wake_ups(std::uint64_t duration_ns, Probes& probes)
{
    const auto lateness = std::make_unique<rt::Histogram>();
    std::thread sleeper{[&] {
        probes.grant = rt::obtain_realtime(
            {.thread = 0, .priority = priority_to_ask_for(), .may_use_realtime_kit = true});
        sleep_and_record(duration_ns, *lateness);
    }};
    sleeper.join();
    WakeUps& wake_ups = probes.wake_ups;
    wake_ups.count = lateness->count();
    wake_ups.p50_ns = lateness->quantile_ns(0.5);
    wake_ups.p99_ns = lateness->quantile_ns(0.99);
    wake_ups.max_ns = lateness->max_ns();
    if (wake_ups.count >= count_for_p99_9)
        wake_ups.p99_9_ns = lateness->quantile_ns(0.999);
}

[[nodiscard]] rt::Result<void> try_cpu_latency() noexcept
{
    const auto held = rt::os::hold_cpu_latency(0);
    if (!held)
        return tl::unexpected(held.error());
    return {};
}

}  // namespace

Probes probe_machine(std::uint64_t duration_ns)
{
    const SystemFiles files{"/"};
    Probes probes;
    probes.realtime_kit = rt::os::realtime_kit_priority_limit();
    probes.cpu_latency = try_cpu_latency();
    probes.landlock_version = rt::os::landlock_version();
    probes.waits_on_many = rt::os::can_wait_on_many();
    probes.has_thread_handles =
        rt::os::open_thread(rt::os::current_process_id(), rt::os::current_thread_id()).has_value();
    // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread runs
    if (const char* const directory = std::getenv("XDG_RUNTIME_DIR"); directory != nullptr)
        probes.runtime_directory = directory;
    probes.cpu_times_before = files.text("/proc/stat").value_or("");
    measure_wake_ups(duration_ns, probes);
    probes.cpu_times_after = files.text("/proc/stat").value_or("");
    return probes;
}

}  // namespace outboard::doctor
