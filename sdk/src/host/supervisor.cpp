// SPDX-License-Identifier: MIT

#include "sdk/src/host/supervisor.hpp"

#include "rt/control/realtime.hpp"
#include "rt/os/clock.hpp"
#include "rt/os/futex.hpp"
#include "rt/os/process.hpp"
#include "rt/os/scheduling.hpp"
#include "sdk/src/api/realtime_grant.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

namespace outboard::host {

namespace {

/// How often callers' wishes (a hung or broken service released) are looked for. A death wakes the
/// thread at once; the caller itself makes no system call that could.
constexpr std::uint64_t look_interval_ns = 5'000'000;

}  // namespace

Supervisor::Supervisor(std::int32_t priority, rt::os::WakeEvent wake,
                       std::function<void()> on_death)
    : wake_(std::move(wake)),
      on_death_(std::move(on_death)),
      thread_([this, priority] { run(priority); })
{
    std::unique_lock lock{mutex_};
    started_.wait(lock, [this] { return has_started_; });
}

Supervisor::~Supervisor()
{
    {
        const std::lock_guard lock{mutex_};
        is_stopping_ = true;
    }
    wake_.signal();
    thread_.join();
}

void Supervisor::watch(const Watched& service)
{
    {
        const std::lock_guard lock{mutex_};
        services_.push_back(service);
        ++version_;
    }
    wake_.signal();
}

void Supervisor::forget(const Replica& replica)
{
    const std::lock_guard lock{mutex_};
    std::erase_if(services_,
                  [&replica](const Watched& service) { return service.replica == &replica; });
    ++version_;
}

ob_realtime_grant Supervisor::grant() const
{
    const std::lock_guard lock{mutex_};
    return grant_;
}

void Supervisor::run(std::int32_t priority)
{
    rt::os::name_current_thread("ob-supervisor");
    {
        const std::lock_guard lock{mutex_};
        grant_ = priority > 0 ? api::to_grant(rt::obtain_realtime({.priority = priority}), -1)
                              : api::ordinary_grant(-1);
        has_started_ = true;
    }
    started_.notify_all();

    std::vector<rt::os::PollEntry> entries;
    for (;;) {
        std::uint64_t deadline_ns = rt::os::no_deadline_ns;
        std::uint64_t polled_version = 0;
        {
            const std::lock_guard lock{mutex_};
            if (is_stopping_)
                return;
            polled_version = version_;
            entries.assign(1, {.handle = wake_.handle()});
            for (const Watched& service : services_) {
                const bool has_ended =
                    service.replica->ended_ns() != 0;  // stays readable: pass over
                entries.push_back({.handle = has_ended ? -1 : service.process->get()});
                const bool is_over = has_ended || service.replica->has_thread_ended();
                entries.push_back({.handle = is_over ? -1 : service.dsp_thread->get()});
            }
            deadline_ns = next_look_ns();
        }
        static_cast<void>(rt::os::wait_readable(entries, deadline_ns));
        if (entries.front().ready)
            wake_.clear();

        const std::lock_guard lock{mutex_};
        if (polled_version == version_)  // else a handle may mean another process now: ask again
            look_at_all(entries);
    }
}

void Supervisor::look_at_all(const std::vector<rt::os::PollEntry>& entries)
{
    const auto is_ready = [&entries](const rt::os::UniqueHandle& handle) {
        return std::any_of(entries.begin() + 1, entries.end(), [&handle](const auto& entry) {
            return entry.ready && entry.handle == handle.get();
        });
    };
    for (Watched& service : services_) {
        if (is_ready(*service.dsp_thread))
            note_thread_end(service);
        look_at(service, is_ready(*service.process));
    }
}

std::uint64_t Supervisor::next_look_ns() const
{
    const bool any_lives = std::any_of(services_.begin(), services_.end(), [](const auto& service) {
        return service.replica->ended_ns() == 0;
    });
    return any_lives ? rt::os::monotonic_ns() + look_interval_ns : rt::os::no_deadline_ns;
}

/// The process follows; its other threads may have to wait for a CPU. Where it lives on without the
/// thread it is killed, as one is that lies about its death.
void Supervisor::note_thread_end(Watched& service)
{
    const rt::os::ExitStatus status = rt::os::thread_exit_status(*service.dsp_thread);
    const bool was_signalled = status.kind == rt::os::ExitKind::signalled;
    service.replica->exit_detail.store(was_signalled ? -status.value : status.value,
                                       std::memory_order_relaxed);
    service.replica->mark_thread_ended();
}

void Supervisor::look_at(Watched& service, bool has_ended)
{
    Replica& replica = *service.replica;
    if (replica.ended_ns() != 0)
        return;
    if (has_ended) {
        if (service.is_child) {
            const rt::os::ExitStatus status = rt::os::exit_status(*service.process);
            const bool was_signalled = status.kind == rt::os::ExitKind::signalled;
            replica.exit_detail.store(was_signalled ? -status.value : status.value,
                                      std::memory_order_relaxed);
        }
        replica.mark_ended(rt::os::monotonic_ns());
        on_death_();
        return;
    }
    if (!replica.is_released() || service.is_condemned)
        return;
    // The caller has given it up though it lives: it hangs, or broke the protocol. A found service
    // is its owner's, and one that is well leaves by itself; the plain thread only hangs up.
    // One that says it is dying may be writing a core; the plain thread sees to it that it does
    // die.
    service.is_condemned = true;
    const bool is_dying = (replica.says_dying() || replica.has_thread_ended()) &&
                          replica.release_cause() == OB_CAUSE_CRASH;
    if (service.is_child && !is_dying && !replica.is_released_well()) {
        static_cast<void>(rt::os::send_signal(*service.process, SIGKILL));
    } else {
        on_death_();
    }
}

}  // namespace outboard::host
