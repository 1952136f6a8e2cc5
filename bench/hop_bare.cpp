// SPDX-License-Identifier: MIT

#include "bench/hop_bare.hpp"

#include "bench/machine.hpp"
#include "rt/os/futex.hpp"
#include "rt/path/bell.hpp"

namespace outboard::bench {

namespace {

using Word = std::atomic<std::uint32_t>;

/// Spins by the same rule as ours, then sleeps.
void wait_while(const Word& word, std::uint32_t value, std::uint64_t deadline_ns,
                rt::AdaptiveSpin& spin) noexcept
{
    const auto has_changed = [&] { return word.load(std::memory_order_acquire) != value; };
    if (has_changed())
        return;
    if (const std::uint64_t spin_ns = spin.next_spin_ns(); spin_ns != 0) {
        const bool has_found = rt::spin_until(spin_ns, deadline_ns, has_changed);
        spin.note(has_found);
        if (has_found)
            return;
    }
    while (!has_changed()) {
        const auto outcome =
            rt::os::futex_wait({&word, value, rt::os::FutexScope::shared}, deadline_ns);
        if (outcome == rt::os::WaitOutcome::timed_out)
            deadline_ns = rt::os::no_deadline_ns;
    }
}

}  // namespace

BareHop::BareHop(const Config& config)
    : config_(config),
      spin_(config.spin_ns),
      peer_([this, config] { return answer(*shared_, config); })
{}

void BareHop::hop(const HopBlock& in, HopBlock& out) noexcept
{
    const std::uint64_t deadline_ns = config_.deadline_ns == 0
                                          ? rt::os::no_deadline_ns
                                          : rt::os::monotonic_ns() + config_.deadline_ns;
    shared_->to_peer = in;
    shared_->request.store(++sequence_, std::memory_order_release);
    rt::os::futex_wake(shared_->request, rt::os::FutexScope::shared);
    wait_while(shared_->reply, sequence_ - 1, deadline_ns, spin_);
    out = shared_->from_peer;
}

bool BareHop::answer(Shared& shared, const Config& config) noexcept
{
    take_cpu(config.peer_cpu, config.peer_priority);
    rt::AdaptiveSpin spin{config.spin_ns};
    for (std::uint32_t sequence = 1;; ++sequence) {
        wait_while(shared.request, sequence - 1, rt::os::no_deadline_ns, spin);
        shared.from_peer = shared.to_peer;
        shared.reply.store(sequence, std::memory_order_release);
        rt::os::futex_wake(shared.reply, rt::os::FutexScope::shared);
    }
}

}  // namespace outboard::bench
