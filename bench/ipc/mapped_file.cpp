// SPDX-License-Identifier: MIT
//
// A file of an ordinary file system that both sides have mapped, counts included. A file has
// nothing to wait with, so the waiter polls and gives its CPU to others between its looks.

#include "bench/ipc/channels.hpp"
#include "bench/ipc/scratch_folder.hpp"
#include "bench/ipc/slot_channel.hpp"
#include "bench/ipc/system_call.hpp"
#include "rt/os/handle.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <array>
#include <atomic>
#include <new>

namespace outboard::bench::ipc {

namespace {

/// Each count has one that raises it and one that waits. What the waiter has taken is its own.
class PolledGates {
public:
    explicit PolledGates(std::byte* memory) : counts_(new (memory) std::array<Line, gate_count>) {}

    void enter(Side /*side*/) { taken_ = {}; }

    void raise(Gate gate) noexcept
    {
        std::atomic<std::uint64_t>& count = at(gate);
        // release, pairs with the acquire in wait(): the slot is complete, or free.
        count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    }

    void wait(Gate gate) noexcept
    {
        std::uint64_t& taken = taken_[static_cast<std::size_t>(gate)];
        while (at(gate).load(std::memory_order_acquire) == taken)
            ::sched_yield();
        ++taken;
    }

private:
    struct alignas(rt::cache_line_bytes) Line {
        std::atomic<std::uint64_t> count{0};
    };

    [[nodiscard]] std::atomic<std::uint64_t>& at(Gate gate) const noexcept
    {
        return (*counts_)[static_cast<std::size_t>(gate)].count;
    }

    std::array<Line, gate_count>* counts_;
    std::array<std::uint64_t, gate_count> taken_{};
};

}  // namespace

std::unique_ptr<Channel> open_mapped_file(const Setup& setup)
{
    const ScratchFolder folder;  // the mapping outlives the name
    const rt::os::UniqueHandle file{
        checked(::open(folder.file("slots").c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
                       S_IRUSR | S_IWUSR),
                "open")};
    return std::make_unique<SlotChannel<PolledGates>>(setup, file.get());
}

}  // namespace outboard::bench::ipc
