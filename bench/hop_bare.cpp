// SPDX-License-Identifier: MIT

#include "bench/hop_bare.hpp"

#include "bench/machine.hpp"
#include "rt/os/futex.hpp"
#include "rt/path/bell.hpp"

#include <algorithm>

namespace outboard::bench {

namespace {

void send(rt::Bell& bell, std::uint32_t sequence, Wake wake) noexcept
{
    if (wake == Wake::sleeper) {
        static_cast<void>(rt::ring(bell));
        return;
    }
    bell.rung.store(sequence, std::memory_order_release);
    rt::os::futex_wake(bell.rung, rt::os::FutexScope::shared);
}

/// Spins by the same rule as ours, then sleeps.
void wait_for(rt::Bell& bell, std::uint32_t sequence, Wake wake, std::uint64_t deadline_ns,
              rt::AdaptiveSpin& spin) noexcept
{
    const auto has_come = [&] { return bell.rung.load(std::memory_order_acquire) == sequence; };
    if (has_come())
        return;
    if (const std::uint64_t spin_ns = spin.next_spin_ns(); spin_ns != 0) {
        const bool has_found = rt::spin_until(spin_ns, deadline_ns, has_come);
        spin.note(has_found);
        if (has_found)
            return;
    }
    if (wake == Wake::sleeper) {
        rt::BellWait wait{nullptr, false};
        wait.add(bell);
        if (wait.wait(deadline_ns, has_come) == rt::WaitEnd::deadline)
            static_cast<void>(wait.wait(rt::os::no_deadline_ns, has_come));
        return;
    }
    while (!has_come()) {
        const rt::os::FutexWait word{&bell.rung, sequence - 1, rt::os::FutexScope::shared};
        if (rt::os::futex_wait(word, deadline_ns) == rt::os::WaitOutcome::timed_out)
            deadline_ns = rt::os::no_deadline_ns;
    }
}

}  // namespace

BareHop::BareHop(const Config& config)
    : config_(config),
      spin_(config.spin_ns),
      peer_([this, config] { return answer(*shared_, config); })
{}

void BareHop::hop(std::span<const float> in, std::span<float> out) noexcept
{
    const std::uint64_t deadline_ns = config_.deadline_ns == 0
                                          ? rt::os::no_deadline_ns
                                          : rt::os::monotonic_ns() + config_.deadline_ns;
    std::copy_n(in.data(), config_.sample_count, shared_->to_peer.data());
    send(shared_->request, ++sequence_, config_.wake);
    wait_for(shared_->reply, sequence_, config_.wake, deadline_ns, spin_);
    std::copy_n(shared_->from_peer.data(), config_.sample_count, out.data());
}

bool BareHop::answer(Shared& shared, const Config& config) noexcept
{
    take_cpu(config.peer_cpu, config.peer_priority);
    rt::AdaptiveSpin spin{config.spin_ns};
    for (std::uint32_t sequence = 1;; ++sequence) {
        wait_for(shared.request, sequence, config.wake, rt::os::no_deadline_ns, spin);
        std::copy_n(shared.to_peer.data(), config.sample_count, shared.from_peer.data());
        send(shared.reply, sequence, config.wake);
    }
}

}  // namespace outboard::bench
