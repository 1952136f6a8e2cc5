// SPDX-License-Identifier: MIT

#include "tests/support/stall_witness.hpp"

#include <outboard/common.h>

#include <algorithm>
#include <chrono>
#include <future>

namespace outboard::test {

namespace {

constexpr std::size_t gap_count_max = 1 << 20;  ///< a gap at each step for 150 s

[[nodiscard]] std::uint64_t now_ns() noexcept
{
    return static_cast<std::uint64_t>(
        std::chrono::nanoseconds{std::chrono::steady_clock::now().time_since_epoch()}.count());
}

[[nodiscard]] bool become_realtime(int cpu, int priority) noexcept
{
    ob_realtime_grant grant{};
    return ob_thread_make_realtime(priority, cpu, &grant) == OB_OK &&
           grant.step == OB_REALTIME_FIFO && grant.cpu == cpu;
}

}  // namespace

StallWitness::StallWitness(int cpu, int priority)
{
    gaps_.reserve(gap_count_max);
    std::promise<bool> obtained;
    auto is_realtime = obtained.get_future();
    thread_ = std::thread{[this, cpu, priority, obtained = std::move(obtained)]() mutable {
        obtained.set_value(become_realtime(cpu, priority));
        watch();
    }};
    is_realtime_ = is_realtime.get();
}

StallWitness::~StallWitness()
{
    stop();
}

void StallWitness::stop()
{
    is_to_stop_.store(true, std::memory_order_relaxed);
    if (thread_.joinable())
        thread_.join();
}

void StallWitness::watch() noexcept
{
    std::uint64_t before_ns = now_ns();
    while (!is_to_stop_.load(std::memory_order_relaxed)) {
        std::this_thread::sleep_for(std::chrono::nanoseconds{step_ns});
        const std::uint64_t woken_ns = now_ns();
        if (woken_ns - before_ns > step_ns + tolerance_ns && gaps_.size() < gap_count_max)
            gaps_.push_back({before_ns, woken_ns});
        before_ns = woken_ns;
    }
}

bool StallWitness::saw_gap_between(std::uint64_t from_ns, std::uint64_t to_ns,
                                   std::uint64_t at_least_ns) const noexcept
{
    // They are in order of time.
    auto gap = std::partition_point(gaps_.begin(), gaps_.end(),
                                    [from_ns](const Gap& each) { return each.to_ns < from_ns; });
    for (; gap != gaps_.end() && gap->from_ns <= to_ns; ++gap) {
        if (gap->to_ns - gap->from_ns >= at_least_ns)
            return true;
    }
    return false;
}

}  // namespace outboard::test
