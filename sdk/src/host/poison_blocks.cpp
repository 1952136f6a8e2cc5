// SPDX-License-Identifier: MIT

#include "sdk/src/host/poison_blocks.hpp"

#include <algorithm>

namespace outboard::host {

PoisonBlocks::PoisonBlocks(std::uint32_t channel_count, std::uint32_t frame_count_max,
                           std::size_t event_bytes_max)
    : frames_(std::size_t{channel_count} * frame_count_max),
      channels_(channel_count),
      events_(event_bytes_max)
{
    for (std::uint32_t channel = 0; channel < channel_count; ++channel)
        channels_[channel] = frames_.data() + std::size_t{channel} * frame_count_max;
}

bool PoisonBlocks::note_death(std::uint64_t sequence) noexcept
{
    if (contains(sequence))
        return false;
    if (!deaths_.contains(sequence)) {
        deaths_.add(sequence);
        return false;
    }
    poison_.add(sequence);
    poison_count_.store(poison_count_.load(std::memory_order_relaxed) + 1,
                        std::memory_order_relaxed);
    return true;
}

void PoisonBlocks::keep(const Unit& unit, const History& history,
                        std::uint64_t output_frame) noexcept
{
    // acquire, pairs with the release in fetch(): the reader has done with what lay there.
    if (shelf_.load(std::memory_order_acquire) != Shelf::empty ||
        !history.reaches(unit.first_frame))
        return;
    for (std::size_t channel = 0; channel < channels_.size(); ++channel) {
        history.copy(static_cast<std::uint32_t>(channel), unit.first_frame, unit.frame_count,
                     channels_[channel]);
    }
    const std::size_t event_bytes = std::min(unit.events.size(), events_.size());
    std::copy_n(unit.events.begin(), event_bytes, events_.begin());
    block_ = {.sequence = unit.sequence,
              .stream_frame = output_frame,
              .frame_count = unit.frame_count,
              .channel_count = static_cast<std::uint32_t>(channels_.size()),
              .inputs = channels_.data(),
              .events = {reinterpret_cast<const unsigned char*>(events_.data()),
                         static_cast<std::uint32_t>(event_bytes)}};
    // release, pairs with the acquire in fetch(): the block is complete.
    shelf_.store(Shelf::full, std::memory_order_release);
}

std::optional<ob_poison_block> PoisonBlocks::fetch() noexcept
{
    // acquire, pairs with the release in keep(). Only this side leaves `full` and `lent`.
    Shelf shelf = shelf_.load(std::memory_order_acquire);
    if (shelf == Shelf::lent) {
        // release, pairs with the acquire in keep(): nobody reads what was lent any more.
        shelf_.store(Shelf::empty, std::memory_order_release);
        return std::nullopt;
    }
    if (shelf == Shelf::empty)
        return std::nullopt;
    shelf_.store(Shelf::lent, std::memory_order_relaxed);
    return block_;
}

}  // namespace outboard::host
