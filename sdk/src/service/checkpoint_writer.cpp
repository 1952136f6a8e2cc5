// SPDX-License-Identifier: MIT

#include "sdk/src/service/checkpoint_writer.hpp"

#include <utility>

namespace outboard::service {

CheckpointWriter::CheckpointWriter(rt::os::Mapping area, const std::atomic<std::uint64_t>& wanted,
                                   std::size_t checkpoint_bytes) noexcept
    : area_(std::move(area)),
      wanted_(&wanted),
      checkpoint_bytes_(checkpoint_bytes)
{
    OB_ASSERT(checkpoint_bytes != 0);
    OB_ASSERT(area_.size_bytes() >= link::checkpoint_area_bytes(checkpoint_bytes));
}

bool CheckpointWriter::is_wanted() noexcept OB_NONBLOCKING
{
    if (wanted_ == nullptr)
        return false;
    // acquire (W), pairs with the release of the host's request: it has copied out what it wanted
    // of the half that this request lets us overwrite. Read once: the half follows from the copy.
    requested_ = wanted_->load(std::memory_order_acquire);
    return requested_ != answered_;
}

std::span<std::byte> CheckpointWriter::state() const noexcept OB_NONBLOCKING
{
    OB_ASSERT(requested_ != answered_);
    return area_.bytes().subspan(link::checkpoint_offset(requested_, checkpoint_bytes_),
                                 checkpoint_bytes_);
}

void CheckpointWriter::publish(std::uint64_t sequence) noexcept OB_NONBLOCKING
{
    OB_ASSERT(requested_ != answered_);
    words().headers[requested_ % 2] = {.sequence = sequence,
                                       .size_bytes = checkpoint_bytes_,
                                       .hash = rt::word_hash(state(), sequence),
                                       .reserved = 0};
    answered_ = requested_;
    // release (D), pairs with the acquire of the host's look at `published`: state and header are
    // complete before the number that announces them.
    words().published.store(answered_, std::memory_order_release);
}

}  // namespace outboard::service
