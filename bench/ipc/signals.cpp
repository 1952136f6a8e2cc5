// SPDX-License-Identifier: MIT
//
// Real-time signals, which the kernel queues and does not merge, as counts of slots. They carry a
// number each, payload and all else lies in shared memory.

#include "bench/ipc/channels.hpp"
#include "bench/ipc/slot_channel.hpp"
#include "bench/ipc/system_call.hpp"

#include <signal.h>
#include <unistd.h>
#include <atomic>
#include <cerrno>
#include <ctime>
#include <new>

namespace outboard::bench::ipc {

namespace {

constexpr std::time_t patience_s = 60;

/// The two signals that a side waits for: messages for it, and room for its own.
class SignalGates {
public:
    explicit SignalGates(std::byte* memory) : processes_(new (memory) Processes) {}

    void enter(Side side)
    {
        sigset_t set{};
        ::sigemptyset(&set);
        ::sigaddset(&set, filled_signal());
        ::sigaddset(&set, free_signal());
        // Of this thread, which is the only one. The other side sends nothing before it knows us.
        if (const int error = ::pthread_sigmask(SIG_BLOCK, &set, nullptr); error != 0) {
            errno = error;
            throw_errno("pthread_sigmask");
        }
        // release, pairs with the acquire in process(): the signals are blocked.
        process(side).store(::getpid(), std::memory_order_release);
    }

    void raise(Gate gate)
    {
        const bool is_far = gate == Gate::filled_to_far || gate == Gate::free_to_near;
        pid_t peer = 0;
        // acquire, pairs with the release in enter().
        while ((peer = process(is_far ? Side::far : Side::near).load(std::memory_order_acquire)) ==
               0)
            ::usleep(100);
        const sigval number{.sival_int = static_cast<int>(gate)};
        while (::sigqueue(peer, signal_of(gate), number) != 0) {
            if (errno != EAGAIN)
                throw_errno("sigqueue");
            ::usleep(100);  // the user's queue is full (ulimit -i)
        }
    }

    void wait(Gate gate)
    {
        sigset_t set{};
        ::sigemptyset(&set);
        ::sigaddset(&set, signal_of(gate));
        const timespec limit{.tv_sec = patience_s, .tv_nsec = 0};
        siginfo_t information{};
        checked(uninterrupted([&] { return ::sigtimedwait(&set, &information, &limit); }),
                "sigtimedwait");
        if (information.si_value.sival_int != static_cast<int>(gate))
            throw std::runtime_error{"a signal that nobody expected"};
    }

private:
    struct Processes {
        std::atomic<pid_t> near{0};
        std::atomic<pid_t> far{0};
    };

    [[nodiscard]] static int filled_signal() noexcept { return SIGRTMIN; }
    [[nodiscard]] static int free_signal() noexcept { return SIGRTMIN + 1; }
    [[nodiscard]] static int signal_of(Gate gate) noexcept
    {
        return gate == Gate::filled_to_far || gate == Gate::filled_to_near ? filled_signal()
                                                                           : free_signal();
    }

    [[nodiscard]] std::atomic<pid_t>& process(Side side) const noexcept
    {
        return side == Side::near ? processes_->near : processes_->far;
    }

    Processes* processes_;
};

}  // namespace

std::unique_ptr<Channel> open_signals(const Setup& setup)
{
    return std::make_unique<SlotChannel<SignalGates>>(setup, -1);
}

}  // namespace outboard::bench::ipc
