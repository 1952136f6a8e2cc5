// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// One audio thread of a host: its cycle with the deadline that all its inserts share, the alarm
/// that wakes it from any wait, and the services that are to be rung at the next flush.

#include "rt/os/clock.hpp"
#include "rt/os/ticks.hpp"
#include "rt/path/bell.hpp"
#include "rt/path/tick_clock.hpp"

#include <outboard/host.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace outboard::host {

class Host;

class Caller {
public:
    Caller(Host& host, const ob_caller_config& config, std::uint32_t index) noexcept
        : host_(&host),
          config_(config),
          index_(index),
          clock_(rt::os::has_steady_ticks()),
          wait_(&alarm_, rt::os::can_wait_on_many())
    {}
    Caller(const Caller&) = delete;
    Caller& operator=(const Caller&) = delete;
    ~Caller() = default;

    // ---- caller ----

    /// Starts a cycle on the host's word.
    void begin_cycle(std::uint64_t now_ns, std::uint64_t budget_ns) noexcept
    {
        start_cycle(now_ns, budget_ns);
        is_explicit_ = true;
    }

    /// The deadline of the cycle that an insert is posted in. Without begin_cycle() a cycle starts
    /// with the first insert, and anew when one comes round again.
    /// @param insert_cycle  the cycle that the insert was in last; updated
    [[nodiscard]] std::uint64_t join_cycle(std::uint64_t& insert_cycle, std::uint64_t now_ns,
                                           std::uint64_t default_budget_ns) noexcept
    {
        const bool comes_round_again = insert_cycle == cycle_;
        const bool is_stale = !is_explicit_ && now_ns >= started_ns_ + 2 * default_budget_ns;
        if (comes_round_again || is_stale) {
            start_cycle(now_ns, default_budget_ns);
            is_explicit_ = false;
        }
        insert_cycle = cycle_;
        return deadline_ns_;
    }

    /// Notes a service to be rung at the next flush; once, however many lanes it has.
    void note_posted(rt::Bell& request) noexcept
    {
        for (std::size_t index = 0; index < posted_count_; ++index) {
            if (posted_[index] == &request)
                return;
        }
        if (posted_count_ == posted_.size())
            flush();
        posted_[posted_count_++] = &request;
    }

    /// @rt one futex call for each service that sleeps
    void flush() noexcept
    {
        for (std::size_t index = 0; index < posted_count_; ++index)
            static_cast<void>(rt::ring(*posted_[index]));
        posted_count_ = 0;
    }

    /// Notes a service to be rung when nothing is waited for any more: standbys.
    void note_later(rt::Bell& request) noexcept
    {
        for (std::size_t index = 0; index < later_count_; ++index) {
            if (later_[index] == &request)
                return;
        }
        if (later_count_ == later_.size())
            ring_later();
        later_[later_count_++] = &request;
    }

    void ring_later() noexcept
    {
        for (std::size_t index = 0; index < later_count_; ++index)
            static_cast<void>(rt::ring(*later_[index]));
        later_count_ = 0;
    }

    /// An insert has been posted, and is to be collected. What was noted for later is rung when all
    /// of them have been: standbys take no time from primaries, and are woken once.
    void begin_insert() noexcept { ++inserts_under_way_; }
    void end_insert() noexcept
    {
        OB_ASSERT(inserts_under_way_ != 0);
        if (--inserts_under_way_ == 0)
            ring_later();
    }

    [[nodiscard]] rt::BellWait& wait() noexcept { return wait_; }
    [[nodiscard]] std::uint64_t now_ns() noexcept { return clock_.now_ns(); }

    // ---- any ----

    /// Wakes the caller from whatever it waits for: a service has ended, or a new one is there.
    void raise_alarm() noexcept { rt::raise_alarm(alarm_); }

    [[nodiscard]] Host& host() const noexcept { return *host_; }
    [[nodiscard]] const ob_caller_config& config() const noexcept { return config_; }
    [[nodiscard]] std::uint32_t index() const noexcept { return index_; }

private:
    void start_cycle(std::uint64_t now_ns, std::uint64_t budget_ns) noexcept
    {
        ++cycle_;
        started_ns_ = now_ns;
        deadline_ns_ = now_ns + budget_ns;
    }

    Host* host_;
    ob_caller_config config_;
    std::uint32_t index_;
    rt::TickClock<> clock_;
    std::atomic<std::uint32_t> alarm_{0};
    rt::BellWait wait_;
    std::uint64_t cycle_ = 0;
    std::uint64_t started_ns_ = 0;
    std::uint64_t deadline_ns_ = 0;
    bool is_explicit_ = false;
    std::array<rt::Bell*, 64> posted_{};
    std::size_t posted_count_ = 0;
    std::array<rt::Bell*, 64> later_{};
    std::size_t later_count_ = 0;
    std::uint32_t inserts_under_way_ = 0;
};

}  // namespace outboard::host
