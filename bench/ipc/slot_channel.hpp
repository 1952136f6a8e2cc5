// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Slots in shared memory whose use is counted by something of the system's: the bounded buffer of
/// the textbooks. For each direction one count of filled slots and one of free ones; `Gates` says
/// how such a count is raised and how one waits until it can be lowered.
///
///     sender     wait(free)      copy in    raise(filled)
///     receiver   wait(filled)    copy out   raise(free)

#include "bench/ipc/mechanism.hpp"
#include "bench/ipc/shared_memory.hpp"

#include <cstring>

namespace outboard::bench::ipc {

/// Which of the four counts. `free_to_far`: room for what near sends to far, raised by far.
enum class Gate : std::uint8_t { filled_to_far, filled_to_near, free_to_far, free_to_near };
inline constexpr std::size_t gate_count = 4;

[[nodiscard]] constexpr Gate filled_by(Side sender) noexcept
{
    return sender == Side::near ? Gate::filled_to_far : Gate::filled_to_near;
}

[[nodiscard]] constexpr Gate freed_for(Side sender) noexcept
{
    return sender == Side::near ? Gate::free_to_far : Gate::free_to_near;
}

[[nodiscard]] constexpr Side other_side(Side side) noexcept
{
    return side == Side::near ? Side::far : Side::near;
}

/// `Gates`: `raise(Gate)`, `wait(Gate)`, and `enter(Side)` once in each process. All counts start
/// at 0; the free ones are credit that each end begins with.
template <typename Gates>
class SlotEnd final : public End {
public:
    SlotEnd(Gates& gates, Side side, const Setup& setup, std::byte* out, std::byte* in)
        : gates_(gates),
          side_(side),
          slot_count_(slot_count_for(setup.message_bytes)),
          slot_bytes_(slot_bytes_for(setup.message_bytes)),
          credit_(slot_count_),
          out_(out),
          in_(in)
    {
        gates_.enter(side);
    }

    void send(std::span<const std::byte> message) override
    {
        if (credit_ != 0) {
            --credit_;
        } else {
            gates_.wait(freed_for(side_));
        }
        std::memcpy(out_ + sent_++ % slot_count_ * slot_bytes_, message.data(), message.size());
        gates_.raise(filled_by(side_));
    }

    void receive(std::span<std::byte> message) override
    {
        gates_.wait(filled_by(other_side(side_)));
        std::memcpy(message.data(), in_ + received_++ % slot_count_ * slot_bytes_, message.size());
        gates_.raise(freed_for(other_side(side_)));
    }

private:
    Gates& gates_;
    Side side_;
    std::size_t slot_count_;
    std::size_t slot_bytes_;
    std::size_t credit_;
    std::byte* out_;
    std::byte* in_;
    std::size_t sent_ = 0;
    std::size_t received_ = 0;
};

template <typename Gates>
class SlotChannel final : public Channel {
public:
    /// @param file  that the slots lie in; -1: memory without a name
    /// @param gates  what Gates is made of
    template <typename... Arguments>
    SlotChannel(const Setup& setup, int file, Arguments&&... gates)
        : setup_(setup),
          direction_bytes_(slot_count_for(setup.message_bytes) *
                           slot_bytes_for(setup.message_bytes)),
          memory_(gate_bytes + 2 * direction_bytes_, file),
          gates_(memory_.data(), std::forward<Arguments>(gates)...)
    {}

    [[nodiscard]] std::unique_ptr<End> end(Side side) override
    {
        std::byte* const to_far = memory_.data() + gate_bytes;
        std::byte* const to_near = to_far + direction_bytes_;
        return side == Side::near
                   ? std::make_unique<SlotEnd<Gates>>(gates_, side, setup_, to_far, to_near)
                   : std::make_unique<SlotEnd<Gates>>(gates_, side, setup_, to_near, to_far);
    }

private:
    /// In front of the slots, for gates that lie in memory.
    static constexpr std::size_t gate_bytes = 4096;

    Setup setup_;
    std::size_t direction_bytes_;
    SharedMemory memory_;
    Gates gates_;
};

}  // namespace outboard::bench::ipc
