// SPDX-License-Identifier: MIT

#include "bench/hop_bare.hpp"

#include "bench/machine.hpp"
#include "rt/os/futex.hpp"
#include "rt/path/bell.hpp"

namespace outboard::bench {

namespace {

using Word = std::atomic<std::uint32_t>;

void wait_while(const Word& word, std::uint32_t value, std::uint64_t deadline_ns) noexcept
{
    while (word.load(std::memory_order_acquire) == value) {
        const auto outcome =
            rt::os::futex_wait({&word, value, rt::os::FutexScope::shared}, deadline_ns);
        if (outcome == rt::os::WaitOutcome::timed_out)
            deadline_ns = rt::os::no_deadline_ns;
    }
}

void spin_while(const Word& word, std::uint32_t value, std::uint64_t spin_ns) noexcept
{
    if (spin_ns == 0)
        return;
    const std::uint64_t end_ns = rt::os::monotonic_ns() + spin_ns;
    while (word.load(std::memory_order_acquire) == value && rt::os::monotonic_ns() < end_ns)
        rt::spin_pause();
}

}  // namespace

BareHop::BareHop(const Config& config)
    : config_(config),
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
    spin_while(shared_->reply, sequence_ - 1, config_.spin_ns);
    wait_while(shared_->reply, sequence_ - 1, deadline_ns);
    out = shared_->from_peer;
}

bool BareHop::answer(Shared& shared, const Config& config) noexcept
{
    take_cpu(config.peer_cpu, config.peer_priority);
    for (std::uint32_t sequence = 1;; ++sequence) {
        wait_while(shared.request, sequence - 1, rt::os::no_deadline_ns);
        shared.from_peer = shared.to_peer;
        shared.reply.store(sequence, std::memory_order_release);
        rt::os::futex_wake(shared.reply, rt::os::FutexScope::shared);
    }
}

}  // namespace outboard::bench
