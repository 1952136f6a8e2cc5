// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The clock of os::monotonic_ns() for threads that read it several times a block. Between two
/// readings of the clock itself, a millisecond apart at the most, it is continued by the CPU's tick
/// counter, which takes a third of the time and does not hold up the instructions around it.
///
///     clock   |----------- window -----------|  read again: a new base
///     ticks     now_ns() now_ns() now_ns()

#include "rt/os/clock.hpp"
#include "rt/path/contract.hpp"

#include <algorithm>
#include <cstdint>

namespace outboard::rt {

/// Where a TickClock reads.
struct MachineTicks {
    [[nodiscard]] static std::uint64_t ticks() noexcept
    {
#if defined(__x86_64__)
        return __builtin_ia32_rdtsc();
#else
        return 0;  // no counter that is fine enough: the clock is read each time
#endif
    }
    [[nodiscard]] static std::uint64_t clock_ns() noexcept
    {
        return os::monotonic_ns();
    }
};

/// The rate of the counter is not asked for but measured, and measured anew each second, so that
/// the clock's own corrections are followed. Until it is known each reading is one of the clock.
template <typename Source = MachineTicks>
class TickClock {
public:
    /// Readings are continued for so long: an error of the rate of 100 ppm is 100 ns then.
    static constexpr std::uint64_t window_ns = 1'000'000;
    /// The rate is measured over so much time at least: a reading is some 30 ns wide.
    static constexpr std::uint64_t first_measure_ns = 10'000'000;
    static constexpr std::uint64_t next_measure_ns = 1'000'000'000;
    /// A reading of the clock that took longer was interrupted: nobody knows when in it the clock
    /// was read.
    static constexpr std::uint64_t reading_ticks_max = 4'000;

    /// @param has_steady_ticks  os::has_steady_ticks(), asked once at start-up
    explicit TickClock(bool has_steady_ticks, Source source = {}) noexcept
        : source_(source),
          is_steady_(has_steady_ticks)
    {}

    /// Nanoseconds on the clock of os::monotonic_ns(); never less than before.
    /// @thread one at a time
    /// @rt     wait-free
    [[nodiscard]] std::uint64_t now_ns() noexcept OB_NONBLOCKING
    {
        if (window_ticks_ != 0) [[likely]] {
            const std::uint64_t elapsed = source_.ticks() - base_ticks_;
            if (elapsed < window_ticks_) [[likely]]
                return advance_to(base_ns_ + (elapsed * ns_a_tick_ >> fraction_bits));
        }
        return advance_to(read_clock());
    }

private:
    static constexpr unsigned fraction_bits = 32;

    [[nodiscard]] std::uint64_t advance_to(std::uint64_t now_ns) noexcept
    {
        last_ns_ = std::max(last_ns_, now_ns);
        return last_ns_;
    }

    [[nodiscard]] std::uint64_t read_clock() noexcept
    {
        const std::uint64_t before = source_.ticks();
        const std::uint64_t now_ns = source_.clock_ns();
        const std::uint64_t after = source_.ticks();
        if (!is_steady_ || after - before > reading_ticks_max)
            return now_ns;
        base_ns_ = now_ns;
        base_ticks_ = before + (after - before) / 2;
        measure_rate();
        return now_ns;
    }

    void measure_rate() noexcept
    {
        if (first_ns_ == 0)
            return begin_measure();
        const std::uint64_t passed_ns = base_ns_ - first_ns_;
        if (passed_ns < (window_ticks_ == 0 ? first_measure_ns : next_measure_ns))
            return;
        const std::uint64_t passed_ticks = base_ticks_ - first_ticks_;
        // A counter that stood still, or was set back, is none.
        is_steady_ = passed_ticks >= passed_ns / 2 && passed_ticks / 64 <= passed_ns;
        if (!is_steady_) {
            window_ticks_ = 0;
            return;
        }
        const double ns_a_tick = static_cast<double>(passed_ns) / static_cast<double>(passed_ticks);
        ns_a_tick_ = static_cast<std::uint64_t>(
            ns_a_tick * static_cast<double>(std::uint64_t{1} << fraction_bits));
        window_ticks_ = static_cast<std::uint64_t>(static_cast<double>(window_ns) / ns_a_tick);
        begin_measure();
    }

    void begin_measure() noexcept
    {
        first_ns_ = base_ns_;
        first_ticks_ = base_ticks_;
    }

    Source source_;
    bool is_steady_;
    std::uint64_t base_ns_ = 0;
    std::uint64_t base_ticks_ = 0;
    std::uint64_t window_ticks_ = 0;  ///< 0: the rate is not known
    std::uint64_t ns_a_tick_ = 0;     ///< fixed point
    std::uint64_t last_ns_ = 0;
    std::uint64_t first_ns_ = 0;  ///< where the measurement of the rate began; 0: it has not
    std::uint64_t first_ticks_ = 0;
};

}  // namespace outboard::rt
