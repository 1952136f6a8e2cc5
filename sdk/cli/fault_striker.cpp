// SPDX-License-Identifier: MIT
#include "sdk/cli/fault_striker.hpp"

#include <algorithm>
#include <utility>

namespace outboard::cli {

namespace {

using namespace std::chrono_literals;

// How long the stream waits at free pace for a service that can be struck; then it goes on, and the
// report tells that the fault was not struck.
constexpr auto await_limit = 20s;
constexpr auto retry_pause = 1ms;
constexpr auto start_poll_pause = 200us;

}  // namespace

FaultStriker::FaultStriker(Chain& chain, FaultPlan plan, const Settings& settings)
    : chain_(chain),
      plan_(std::move(plan)),
      settings_(settings)
{
    if (plan_.next())
        thread_ = std::thread{[this] { run(); }};
}

FaultStriker::~FaultStriker()
{
    static_cast<void>(stop());
}

void FaultStriker::await_strikes(std::uint64_t frame)
{
    Lock lock{mutex_};
    advance(frame);
    const auto is_due = [&] {
        const auto next = plan_.next();
        return next && next->frame <= frame;
    };
    if (!is_due())
        return;
    wake_.notify_one();
    done_.wait_for(lock, await_limit, [&] { return stop_requested_ || !is_due(); });
}

std::vector<FaultOutcome> FaultStriker::stop()
{
    {
        const std::lock_guard lock{mutex_};
        stop_requested_ = true;
    }
    wake_.notify_one();
    done_.notify_all();
    if (thread_.joinable())
        thread_.join();
    return std::exchange(outcomes_, {});
}

void FaultStriker::run()
{
    static_cast<void>(apply(AudioThreadPlan{.priority = settings_.priority, .cpu = -1}));
    Lock lock{mutex_};
    while (const auto fault = plan_.next()) {
        if (!wait_for(lock, fault->frame))
            return;
        outcomes_.push_back(strike(lock, *fault));
        plan_.advance();
        done_.notify_all();
    }
}

/// @return false: the run has ended before the stream came to `frame`
bool FaultStriker::wait_for(Lock& lock, std::uint64_t frame)
{
    for (;;) {
        // acquire, pairs with the release in advance().
        const std::uint64_t position = position_.load(std::memory_order_acquire);
        if (stop_requested_)
            return false;
        if (position >= frame)
            return true;
        const std::uint64_t left = frame - position;
        if (left >= settings_.block_frames || position == 0) {
            const auto until_block =
                time_of(left - std::min<std::uint64_t>(left, settings_.block_frames));
            wake_.wait_for(lock, std::max<std::chrono::nanoseconds>(until_block, start_poll_pause));
            continue;
        }
        // The block that holds the frame is being processed: no later position will tell more.
        wake_.wait_for(lock, time_of(left));
        return !stop_requested_;
    }
}

FaultOutcome FaultStriker::strike(Lock& lock, const PlannedFault& fault)
{
    FaultOutcome outcome;
    outcome.fault = fault;
    while (!stop_requested_) {
        lock.unlock();
        const ob_status status = chain_.strike(fault.insert_index, fault.kind, fault.argument);
        const std::string message = status < 0 ? ob_last_error_message() : "";
        lock.lock();
        if (status != OB_AGAIN) {
            outcome.has_struck = status == OB_OK;
            outcome.struck_frame = position_.load(std::memory_order_relaxed);
            outcome.refusal = message;
            return outcome;
        }
        outcome.was_delayed = true;
        wake_.wait_for(lock, retry_pause);
    }
    outcome.refusal = "no service was running until the stream ended";
    return outcome;
}

std::chrono::nanoseconds FaultStriker::time_of(std::uint64_t frames) const noexcept
{
    return std::chrono::nanoseconds{
        static_cast<std::int64_t>(frames * 1'000'000'000ULL / settings_.rate_hz)};
}

}  // namespace outboard::cli
