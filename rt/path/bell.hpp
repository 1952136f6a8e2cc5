// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Bells: how one side wakes the other without a system call unless it sleeps.
///
///     ringer                                   waiter
///     publish its count (release)              expected = bell          (acquire) (E)
///     bell += 1               (seq_cst) (R)    look at the counts: nothing there
///     if asleep               (seq_cst) (S)    asleep = 1               (seq_cst) (A)
///         futex wake                           if bell == expected      (seq_cst) (B)
///                                                  futex wait(bell, expected)
///                                              asleep = 0
///
/// It is Dekker's pattern. Either S sees A, and the ringer wakes; or S came before A in the single
/// order of seq_cst operations, then R did too and B sees the new bell, so the waiter does not
/// sleep. With release and acquire alone both may miss the other, on x86 as well (store-load
/// reordering). These are the only seq_cst accesses of the code base.
///
/// bell.pml beside this file is a model of it: spin proves that no wake is lost with these orders,
/// and finds one that is lost when any of them is weakened (docs/bell-model.md).
///
/// Both words lie in memory that both sides can write. They are hints: whatever the peer puts
/// there, the worst is a wake too many or a wait until the deadline.

#include "rt/os/clock.hpp"
#include "rt/os/futex.hpp"
#include "rt/path/adaptive_spin.hpp"
#include "rt/path/contract.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace outboard::rt {

/// A bell and the flag of its one waiter, each on its own line. Part of the wire layout.
struct Bell {
    alignas(cache_line_bytes) std::atomic<std::uint32_t> rung{0};
    alignas(cache_line_bytes) std::atomic<std::uint32_t> asleep{0};
};
static_assert(sizeof(Bell) == 2 * cache_line_bytes);
static_assert(std::atomic<std::uint32_t>::is_always_lock_free);

/// Advances the bell; wakes its waiter if that one sleeps.
/// @pre    what the waiter is to find has been published (release)
/// @thread ringer
/// @rt     wait-free; one futex call if the waiter sleeps, else none
/// @return whether a system call was made
inline bool ring(Bell& bell) noexcept OB_NONBLOCKING
{
    bell.rung.fetch_add(1, std::memory_order_seq_cst);     // (R)
    if (bell.asleep.load(std::memory_order_seq_cst) == 0)  // (S)
        return false;
    os::futex_wake(bell.rung, os::FutexScope::shared);
    return true;
}

/// Hint to the CPU that we spin.
inline void spin_pause() noexcept
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

/// Spins until `ready()`, for `spin_ns` or until the deadline at most.
/// @return whether it was ready
template <typename Ready>
[[nodiscard]] bool spin_until(std::uint64_t spin_ns, std::uint64_t deadline_ns,
                              Ready&& ready) noexcept
{
    // A clock read takes as long as a cache line takes to come from another CPU.
    constexpr std::uint32_t looks_a_clock_read = 8;
    std::uint64_t end_ns = os::no_deadline_ns;
    for (bool has_end = false;; has_end = true) {
        for (std::uint32_t look = 0; look < looks_a_clock_read; ++look) {
            if (ready())
                return true;
            spin_pause();
        }
        const std::uint64_t now_ns = os::monotonic_ns();
        if (!has_end)
            end_ns = std::min(now_ns + spin_ns, deadline_ns);
        if (now_ns >= end_ns)
            return false;
    }
}

enum class WaitEnd : std::uint8_t { ready, deadline };

/// What a waiter may be woken by: the bells of some links, and an alarm of its own process.
class BellWait {
public:
    static constexpr std::size_t bells_max = 32;

    /// @param alarm  private word that the supervisor advances; may be null. Not waited for beside
    ///               a single bell: a wait for one word costs 0.4 us less than one for two, so who
    ///               raises the alarm rings that bell as well (ring_for_dead())
    /// @param use_wait_any  os::can_wait_on_many(), asked once at start-up
    BellWait(const std::atomic<std::uint32_t>* alarm, bool use_wait_any) noexcept
        : alarm_(alarm),
          use_wait_any_(use_wait_any)
    {}

    void clear() noexcept { bell_count_ = 0; }

    /// The first bell is the one waited for where the kernel can wait on one word only; then the
    /// others, and the alarm, are looked at when the deadline has come.
    void add(Bell& bell) noexcept
    {
        OB_ASSERT(bell_count_ < bells_max);
        bells_[bell_count_++] = &bell;
    }

    /// Waits until `ready()` or the deadline. `ready` looks at counts and deaths; it is asked once
    /// more after the deadline.
    /// @thread the one waiter of all these bells
    /// @rt     blocks until the deadline at most; futex calls only. A peer that rings without end
    ///         cannot hold it longer: the clock is read in each round.
    template <typename Ready>
    [[nodiscard]] WaitEnd wait(std::uint64_t deadline_ns, AdaptiveSpin& spin,
                               Ready&& ready) noexcept
    {
        if (const std::uint64_t spin_ns = spin.next_spin_ns(); spin_ns != 0) {
            const bool has_found = spin_until(spin_ns, deadline_ns, ready);
            spin.note(has_found);
            if (has_found)
                return WaitEnd::ready;
        }
        return wait(deadline_ns, ready);
    }

    /// The same without a spin.
    template <typename Ready>
    [[nodiscard]] WaitEnd wait(std::uint64_t deadline_ns, Ready&& ready) noexcept
    {
        for (;;) {
            load_expected();
            if (ready())
                return WaitEnd::ready;
            if (deadline_ns != os::no_deadline_ns && os::monotonic_ns() >= deadline_ns)
                return WaitEnd::deadline;
            raise_asleep();
            if (nothing_changed())
                sleep(deadline_ns);
            lower_asleep();
        }
    }

private:
    void load_expected() noexcept
    {
        std::size_t word_count = 0;
        for (std::size_t index = 0; index < bell_count_; ++index) {
            const auto& rung = bells_[index]->rung;
            // acquire, pairs with the additions in ring() and ring_for_dead(): the look at counts
            // and deaths that follows sees what they announce.
            const std::uint32_t expected = rung.load(std::memory_order_acquire);  // (E)
            words_[word_count++] = {&rung, expected, os::FutexScope::shared};
        }
        if (alarm_ != nullptr) {
            // acquire, pairs with the release in raise_alarm(): the death that it announces is
            // visible to the look that follows.
            const std::uint32_t expected = alarm_->load(std::memory_order_acquire);  // (L)
            words_[word_count++] = {alarm_, expected, os::FutexScope::this_process};
        }
        word_count_ = word_count;
    }

    void raise_asleep() noexcept
    {
        for (std::size_t index = 0; index < bell_count_; ++index)
            bells_[index]->asleep.store(1, std::memory_order_seq_cst);  // (A)
    }

    void lower_asleep() noexcept
    {
        // relaxed: a stale 1 costs a wake too many, no more.
        for (std::size_t index = 0; index < bell_count_; ++index)
            bells_[index]->asleep.store(0, std::memory_order_relaxed);  // (Z)
    }

    [[nodiscard]] bool nothing_changed() const noexcept
    {
        for (std::size_t index = 0; index < bell_count_; ++index) {
            const auto rung = words_[index].word->load(std::memory_order_seq_cst);  // (B)
            if (rung != words_[index].expected)
                return false;
        }
        return true;
    }

    void sleep(std::uint64_t deadline_ns) noexcept
    {
        OB_ASSERT(word_count_ != 0);
        const std::span<const os::FutexWait> words{words_.data(), word_count_};
        if (word_count_ == 1 || bell_count_ == 1 || !use_wait_any_) {
            static_cast<void>(os::futex_wait(words.front(), deadline_ns));
        } else {
            static_cast<void>(os::futex_wait_any(words, deadline_ns));
        }
    }

    const std::atomic<std::uint32_t>* alarm_;
    bool use_wait_any_;
    std::size_t bell_count_ = 0;
    std::size_t word_count_ = 0;
    std::array<Bell*, bells_max> bells_{};
    std::array<os::FutexWait, bells_max + 1> words_{};
};
static_assert(BellWait::bells_max + 1 <= os::futex_wait_max);

/// Rings in place of a peer that has died, and wakes whatever the sleep flag says: the peer could
/// write there. What the waiter is to find must have been stored before.
/// @thread supervisor
inline void ring_for_dead(Bell& bell) noexcept
{
    // release, pairs with the load in BellWait::load_expected().
    bell.rung.fetch_add(1, std::memory_order_release);  // (D)
    os::futex_wake(bell.rung, os::FutexScope::shared);
}

/// Wakes a BellWait by its alarm. What it is to find must have been stored before.
/// @thread supervisor
inline void raise_alarm(std::atomic<std::uint32_t>& alarm) noexcept
{
    // release, pairs with the acquire in BellWait::load_expected().
    alarm.fetch_add(1, std::memory_order_release);  // (N)
    os::futex_wake(alarm, os::FutexScope::this_process);
}

}  // namespace outboard::rt
