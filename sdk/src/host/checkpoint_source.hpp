// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The host's view of a service's checkpoint area: asking for a checkpoint, and taking it.
/// Plain thread only. Order of publication: link/checkpoint_area.hpp.

#include "rt/control/result.hpp"
#include "rt/os/memory.hpp"
#include "sdk/src/link/checkpoint_area.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace outboard::host {

/// A processor's whole state after a block.
struct Checkpoint {
    std::uint64_t sequence = 0;
    std::vector<std::byte> state;
};

class CheckpointSource {
public:
    /// Makes the memory that the service is to write to.
    [[nodiscard]] static rt::Result<CheckpointSource> create(std::uint64_t checkpoint_bytes);

    /// To be sent. Valid until seal_and_map().
    [[nodiscard]] int handle() const noexcept { return memory_.get(); }
    [[nodiscard]] std::uint64_t area_bytes() const noexcept
    {
        return link::checkpoint_area_bytes(checkpoint_bytes_);
    }
    /// After the service has mapped it: as for the other service-owned segment.
    [[nodiscard]] rt::Result<void> seal_and_map();

    /// Asks for the state after the next block (or the last one, in a pause). The request bell is
    /// to be rung afterwards.
    void request(std::atomic<std::uint64_t>& wanted);
    /// @return nothing while the last request is not answered; protocol for garbled bytes
    [[nodiscard]] rt::Result<std::optional<Checkpoint>> take();

private:
    CheckpointSource(rt::os::UniqueHandle memory, std::uint64_t checkpoint_bytes) noexcept
        : memory_(std::move(memory)),
          checkpoint_bytes_(static_cast<std::size_t>(checkpoint_bytes))
    {}

    rt::os::UniqueHandle memory_;
    rt::os::Mapping area_;
    std::size_t checkpoint_bytes_;
    std::uint64_t requested_ = 0;
};

/// Memory with a copy of the bytes that its receiver can only read.
[[nodiscard]] rt::Result<rt::os::UniqueHandle> make_sealed_copy(
    const std::vector<std::byte>& bytes);

}  // namespace outboard::host
