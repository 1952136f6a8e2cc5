// SPDX-License-Identifier: MIT
//
// The library's own rings: cursors over slots in shared memory. A side that waits sleeps on a bell,
// spins for ever, or spins for a while before it sleeps.

#include "bench/ipc/channels.hpp"
#include "bench/ipc/shared_memory.hpp"
#include "rt/path/bell.hpp"
#include "rt/path/slot_ring.hpp"
#include "rt/path/spsc_ring.hpp"

#include <array>
#include <cstring>
#include <new>

namespace outboard::bench::ipc {

namespace {

constexpr std::uint64_t spin_ns = 20'000;  // what the library offers as a spin before a sleep

enum class Waiting : std::uint8_t { sleep, spin_then_sleep, spin };

/// One direction. The slots follow.
struct Counts {
    rt::RingControl control;
    rt::Bell has_message;
    rt::Bell has_room;
};

class RingEnd final : public End {
public:
    struct Direction {
        Counts* counts;
        std::byte* slots;
    };

    RingEnd(Waiting waiting, const Setup& setup, Direction out, Direction in)
        : waiting_(waiting),
          out_(out.counts),
          in_(in.counts),
          write_(out_->control.write_count, out_->control.read_count,
                 slot_count_for(setup.message_bytes)),
          read_(in_->control.read_count, in_->control.write_count,
                slot_count_for(setup.message_bytes)),
          out_slots_(out.slots, slot_bytes_for(setup.message_bytes),
                     slot_count_for(setup.message_bytes)),
          in_slots_(in.slots, slot_bytes_for(setup.message_bytes),
                    slot_count_for(setup.message_bytes)),
          for_message_(nullptr, false),
          for_room_(nullptr, false)
    {
        for_message_.add(in_->has_message);
        for_room_.add(out_->has_room);
    }

    void send(std::span<const std::byte> message) override
    {
        await(for_room_, [this] { return write_.reserve() != rt::RingStatus::full; });
        throw_if_corrupt(write_.reserve());
        std::memcpy(out_slots_.slot(write_.position()), message.data(), message.size());
        write_.publish();
        wake(out_->has_message);
    }

    void receive(std::span<std::byte> message) override
    {
        await(for_message_, [this] { return read_.poll() != rt::RingStatus::empty; });
        throw_if_corrupt(read_.poll());
        std::memcpy(message.data(), in_slots_.slot(read_.position()), message.size());
        read_.release();
        wake(in_->has_room);
    }

private:
    static void throw_if_corrupt(rt::RingStatus status)
    {
        if (status != rt::RingStatus::ok)
            throw std::runtime_error{"the other side broke the counts of the ring"};
    }

    template <typename Ready>
    void await(rt::BellWait& bell, Ready&& ready) noexcept
    {
        if (ready())
            return;
        switch (waiting_) {
            case Waiting::sleep:
                static_cast<void>(bell.wait(rt::os::no_deadline_ns, ready));
                return;
            case Waiting::spin_then_sleep:
                static_cast<void>(bell.wait(rt::os::no_deadline_ns, spin_, ready));
                return;
            case Waiting::spin:
                while (!ready())
                    rt::spin_pause();
                return;
        }
    }

    void wake(rt::Bell& bell) const noexcept
    {
        if (waiting_ != Waiting::spin)
            static_cast<void>(rt::ring(bell));
    }

    Waiting waiting_;
    Counts* out_;
    Counts* in_;
    rt::WriteCursor write_;
    rt::ReadCursor read_;
    rt::SlotArea<std::byte> out_slots_;
    rt::SlotArea<const std::byte> in_slots_;
    rt::BellWait for_message_;
    rt::BellWait for_room_;
    rt::AdaptiveSpin spin_{spin_ns};
};

class RingChannel final : public Channel {
public:
    RingChannel(Waiting waiting, const Setup& setup)
        : waiting_(waiting),
          setup_(setup),
          direction_bytes_(sizeof(Counts) + slot_count_for(setup.message_bytes) *
                                                slot_bytes_for(setup.message_bytes)),
          memory_(2 * direction_bytes_)
    {
        if (waiting == Waiting::spin && setup.shares_cpu)
            throw Refused{"two sides that spin need a CPU each"};
        for (const Side side : {Side::near, Side::far})
            new (memory_.data() + offset(side)) Counts;
    }

    [[nodiscard]] std::unique_ptr<End> end(Side side) override
    {
        const Side other = side == Side::near ? Side::far : Side::near;
        return std::make_unique<RingEnd>(waiting_, setup_, direction(side), direction(other));
    }

private:
    /// Of what this side sends.
    [[nodiscard]] std::size_t offset(Side side) const noexcept
    {
        return side == Side::near ? 0 : direction_bytes_;
    }

    [[nodiscard]] RingEnd::Direction direction(Side side) const noexcept
    {
        std::byte* const start = memory_.data() + offset(side);
        return {std::launder(reinterpret_cast<Counts*>(start)), start + sizeof(Counts)};
    }

    Waiting waiting_;
    Setup setup_;
    std::size_t direction_bytes_;
    SharedMemory memory_;
};
static_assert(sizeof(Counts) % rt::cache_line_bytes == 0);

}  // namespace

std::unique_ptr<Channel> open_ring_bell(const Setup& setup)
{
    return std::make_unique<RingChannel>(Waiting::sleep, setup);
}

std::unique_ptr<Channel> open_ring_spin_bell(const Setup& setup)
{
    if (setup.shares_cpu)
        throw Refused{"a spin on the CPU that the other side needs only delays it"};
    return std::make_unique<RingChannel>(Waiting::spin_then_sleep, setup);
}

std::unique_ptr<Channel> open_ring_spin(const Setup& setup)
{
    return std::make_unique<RingChannel>(Waiting::spin, setup);
}

}  // namespace outboard::bench::ipc
