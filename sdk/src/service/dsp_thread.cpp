// SPDX-License-Identifier: MIT

#include "sdk/src/service/dsp_thread.hpp"

#include "rt/control/realtime.hpp"
#include "rt/os/death.hpp"
#include "rt/os/futex.hpp"
#include "rt/os/scheduling.hpp"
#include "rt/path/bell.hpp"
#include "rt/path/denormals.hpp"
#include "sdk/src/api/realtime_grant.hpp"

#include <algorithm>
#include <bit>
#include <future>
#include <system_error>
#include <utility>

namespace outboard::service {
namespace {

constexpr std::uint32_t bit_of(std::uint32_t caller) noexcept
{
    return std::uint32_t{1} << caller;
}

/// @return the one CPU the thread is pinned to, or -1
[[nodiscard]] int pin(rt::os::ThreadId thread, const std::vector<int>& cpus) noexcept
{
    // A CPU that is not ours is no reason not to serve; the grant tells where the thread is.
    if (cpus.empty() || !rt::os::set_thread_cpus(thread, cpus))
        return -1;
    return cpus.size() == 1 ? cpus.front() : -1;
}

[[nodiscard]] ob_realtime_grant place_thread(rt::os::ThreadId thread,
                                             const DspThreadOptions& options)
{
    const int cpu = pin(thread, options.cpus);
    if (options.priority <= 0)
        return api::ordinary_grant(cpu);
    const rt::RealtimeRequest request{
        .thread = thread, .priority = options.priority, .may_use_realtime_kit = true};
    return api::to_grant(rt::obtain_realtime(request), cpu);
}

}  // namespace

rt::Result<std::unique_ptr<DspThread>> DspThread::start(const DspThreadOptions& options,
                                                        link::BellsSegment& bells,
                                                        link::ServiceSegment& segment)
{
    auto ended = rt::os::WakeEvent::create();
    if (!ended)
        return tl::unexpected(ended.error());
    std::unique_ptr<DspThread> thread{new DspThread{bells, segment, *std::move(ended)}};
    if (const auto launched = thread->launch(options); !launched)
        return tl::unexpected(launched.error());
    return thread;
}

DspThread::~DspThread()
{
    OB_ASSERT(!thread_.joinable());
}

rt::Result<void> DspThread::launch(const DspThreadOptions& options)
{
    std::promise<ob_realtime_grant> granted;
    auto grant = granted.get_future();
    try {
        // The promise goes along: it must not end before the thread is done with setting it.
        thread_ = std::thread{[this, options, granted = std::move(granted)]() mutable {
            // Without it an overflow of the stack has no last words; the host sees it anyway.
            const auto alternate_stack = rt::os::AlternateStack::for_this_thread();
            rt::os::name_current_thread("ob-dsp");
            rt::disable_denormals();
            thread_id_ = rt::os::current_thread_id();
            granted.set_value(place_thread(thread_id_, options));
            stream(options.spin_ns);
            ended_.signal();
        }};
    } catch (const std::system_error& error) {
        return tl::unexpected(
            rt::Error{rt::ErrorCode::no_memory, error.code().value(), "start the DSP thread"});
    }
    grant_ = grant.get();
    return {};
}

const ob_realtime_grant& DspThread::place(const DspThreadOptions& options)
{
    OB_ASSERT(thread_id_ != 0);
    grant_ = place_thread(thread_id_, options);
    return grant_;
}

void DspThread::stream(std::uint64_t spin_ns) noexcept
{
    rt::AdaptiveSpin spin{spin_ns};
    rt::BellWait wait{nullptr, false};
    wait.add(bells_.request);
    while (!is_stopping()) {
        const rt::WaitEnd end = wait.wait(rt::os::no_deadline_ns, spin, [this] {
            return is_stopping() || has_work() || has_removals();
        });
        OB_ASSERT(end == rt::WaitEnd::ready);
        // acquire, pairs with the release in remove_lane(): what follows does not see those lanes.
        const std::uint32_t removal_count = removals_wanted_.load(std::memory_order_acquire);
        beat();
        run_lanes();
        finish_lanes();
        confirm_removals(removal_count);
    }
}

std::span<const std::atomic<LaneRunner*>> DspThread::lanes() const noexcept
{
    // relaxed: the lanes' own places are what is acquired. A look at all 64 of them, three times a
    // block, costs as much as a null processor.
    return std::span{lanes_}.first(lane_end_.load(std::memory_order_relaxed));
}

bool DspThread::has_work() noexcept
{
    for (const auto& slot : lanes()) {
        // acquire, pairs with the release in add_lane(): the lane is whole.
        LaneRunner* const lane = slot.load(std::memory_order_acquire);
        if (lane != nullptr && (lane->has_work() || lane->owes_checkpoint()))
            return true;
    }
    return false;
}

/// One block of each lane that has one, so that a lane that catches up does not hold the others.
void DspThread::run_lanes() noexcept
{
    std::uint32_t answered_callers = 0;
    for (const auto& slot : lanes()) {
        // acquire, pairs with the release in add_lane().
        LaneRunner* const lane = slot.load(std::memory_order_acquire);
        if (lane == nullptr || !lane->has_work())
            continue;
        if (lane->run_one())
            answered_callers |= bit_of(lane->caller());
        beat();
    }
    ring_callers(answered_callers);
}

void DspThread::ring_callers(std::uint32_t callers) noexcept
{
    while (callers != 0) {
        const auto caller = static_cast<std::uint32_t>(std::countr_zero(callers));
        rt::ring(bells_.replies[caller]);
        callers &= callers - 1;
    }
}

/// Behind the rings, so that no answer waits for a copy of a state.
void DspThread::finish_lanes() noexcept
{
    for (const auto& slot : lanes()) {
        // acquire, pairs with the release in add_lane().
        LaneRunner* const lane = slot.load(std::memory_order_acquire);
        if (lane == nullptr)
            continue;
        lane->prefetch_next_answer();
        if (lane->write_checkpoint_if_wanted())
            beat();
    }
}

void DspThread::beat() noexcept
{
    // relaxed: it tells that we live, not what we have done.
    segment_.dsp_beat.count.store(++beat_count_, std::memory_order_relaxed);
}

void DspThread::add_lane(std::uint32_t index, LaneRunner& lane) noexcept
{
    OB_ASSERT(index < lanes_.size());
    OB_ASSERT(lanes_[index].load(std::memory_order_relaxed) == nullptr);
    // release, pairs with the acquires in has_work(), run_lanes() and finish_lanes(): the lane
    // is whole, a restored checkpoint included.
    lanes_[index].store(&lane, std::memory_order_release);
    // relaxed: the ring that follows is seen before the thread sleeps, and with it this store.
    const std::size_t end =
        std::max<std::size_t>(lane_end_.load(std::memory_order_relaxed), index + 1);
    lane_end_.store(end, std::memory_order_relaxed);
    rt::ring(bells_.request);
}

bool DspThread::remove_lane(std::uint32_t index, std::uint64_t deadline_ns) noexcept
{
    OB_ASSERT(index < lanes_.size());
    // relaxed: the count that follows carries it.
    lanes_[index].store(nullptr, std::memory_order_relaxed);
    const std::uint32_t removal_count = removals_wanted_.load(std::memory_order_relaxed) + 1;
    // release, pairs with the acquire in stream().
    removals_wanted_.store(removal_count, std::memory_order_release);
    rt::ring(bells_.request);
    for (;;) {
        // acquire, pairs with the release in confirm_removals(): the thread has left the lane.
        const std::uint32_t done = removals_done_.load(std::memory_order_acquire);
        if (done == removal_count)
            return true;
        const rt::os::FutexWait word{&removals_done_, done, rt::os::FutexScope::this_process};
        if (rt::os::futex_wait(word, deadline_ns) == rt::os::WaitOutcome::timed_out)
            return false;
    }
}

void DspThread::confirm_removals(std::uint32_t removal_count) noexcept
{
    if (removals_done_.load(std::memory_order_relaxed) == removal_count)
        return;
    // release, pairs with the acquire in remove_lane().
    removals_done_.store(removal_count, std::memory_order_release);
    rt::os::futex_wake(removals_done_, rt::os::FutexScope::this_process);
}

bool DspThread::stop(std::uint64_t deadline_ns) noexcept
{
    if (!thread_.joinable())
        return true;
    // release, pairs with the acquire in is_stopping().
    stopping_.store(true, std::memory_order_release);
    rt::ring(bells_.request);
    rt::os::PollEntry ended{.handle = ended_.handle()};
    const auto ready_count = rt::os::wait_readable({&ended, 1}, deadline_ns);
    if (!ready_count || *ready_count == 0)
        return false;
    thread_.join();
    return true;
}

}  // namespace outboard::service
