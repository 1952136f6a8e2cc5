// SPDX-License-Identifier: MIT

#include "bench/distance_probe.hpp"

#include "bench/chunked_ratio.hpp"
#include "bench/machine.hpp"
#include "rt/os/futex.hpp"
#include "rt/path/bell.hpp"

namespace outboard::bench {

namespace {

constexpr std::uint32_t rounds_in_all = 2'000;
constexpr std::uint32_t rounds_at_once = 20;  ///< timed together: a clock read costs as much as one
constexpr std::uint64_t far_from_ns = 220;
constexpr int probe_priority = 50;

}  // namespace

DistanceProbe::DistanceProbe(int near_cpu, int far_cpu)
    : has_two_cpus_(near_cpu != far_cpu),
      far_end_([this, far_cpu] { return answer(*shared_, far_cpu); })
{}

DistanceProbe::~DistanceProbe() = default;

bool DistanceProbe::answer(Shared& shared, int cpu)
{
    take_cpu(cpu, probe_priority);
    std::uint32_t last = 0;
    for (;;) {
        const std::uint32_t wanted = shared.wanted_rounds.load(std::memory_order_acquire);
        if (wanted == last) {
            static_cast<void>(
                rt::os::futex_wait({&shared.wanted_rounds, wanted, rt::os::FutexScope::shared},
                                   rt::os::no_deadline_ns));
            continue;
        }
        while (last != wanted) {
            if (shared.ping.load(std::memory_order_acquire) == last) {
                rt::spin_pause();
            } else {
                shared.pong.store(++last, std::memory_order_release);
            }
        }
    }
}

std::uint64_t DistanceProbe::round_trip_ns()
{
    if (!has_two_cpus_)
        return 0;
    shared_->wanted_rounds.fetch_add(rounds_in_all, std::memory_order_release);
    rt::os::futex_wake(shared_->wanted_rounds, rt::os::FutexScope::shared);
    Samples samples;
    for (std::uint32_t done = 0; done < rounds_in_all; done += rounds_at_once) {
        const std::uint64_t start_ns = rt::os::monotonic_ns();
        for (std::uint32_t round = 0; round < rounds_at_once; ++round) {
            shared_->ping.store(++last_, std::memory_order_release);
            while (shared_->pong.load(std::memory_order_acquire) != last_)
                rt::spin_pause();
        }
        samples.push_back((rt::os::monotonic_ns() - start_ns) / rounds_at_once);
    }
    return quantile_of(std::move(samples), 0.5);
}

const char* distance_name(std::uint64_t round_trip_ns) noexcept
{
    if (round_trip_ns == 0)
        return "same CPU";
    return round_trip_ns < far_from_ns ? "near" : "far";
}

}  // namespace outboard::bench
