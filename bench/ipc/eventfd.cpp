// SPDX-License-Identifier: MIT
//
// eventfd counters, each read of which takes one (EFD_SEMAPHORE), beside shared memory.

#include "bench/ipc/channels.hpp"
#include "bench/ipc/slot_channel.hpp"
#include "bench/ipc/system_call.hpp"
#include "rt/os/handle.hpp"

#include <sys/eventfd.h>
#include <array>

namespace outboard::bench::ipc {

namespace {

class EventGates {
public:
    explicit EventGates(std::byte* /*memory*/)
    {
        for (rt::os::UniqueHandle& counter : counters_)
            counter.reset(checked(::eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE), "eventfd"));
    }

    void enter(Side /*side*/) {}

    void raise(Gate gate)
    {
        checked(uninterrupted([&] { return ::eventfd_write(at(gate), 1); }), "eventfd_write");
    }

    void wait(Gate gate)
    {
        eventfd_t one = 0;
        checked(uninterrupted([&] { return ::eventfd_read(at(gate), &one); }), "eventfd_read");
    }

private:
    [[nodiscard]] int at(Gate gate) const noexcept
    {
        return counters_[static_cast<std::size_t>(gate)].get();
    }

    std::array<rt::os::UniqueHandle, gate_count> counters_;
};

}  // namespace

std::unique_ptr<Channel> open_eventfd(const Setup& setup)
{
    return std::make_unique<SlotChannel<EventGates>>(setup, -1);
}

}  // namespace outboard::bench::ipc
