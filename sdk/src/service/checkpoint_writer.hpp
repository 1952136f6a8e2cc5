// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The service's end of a checkpoint area (link/checkpoint_area.hpp): answers the host's newest
/// request, in the half that the host does not hold.

#include "rt/os/memory.hpp"
#include "rt/path/contract.hpp"
#include "sdk/src/link/checkpoint_area.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace outboard::service {

class CheckpointWriter {
public:
    /// Without an area there is never a request.
    CheckpointWriter() noexcept = default;
    /// @param wanted  HostLaneWords::checkpoint_wanted, outlives the writer
    /// @pre   `area` has checkpoint_area_bytes(checkpoint_bytes), writable
    CheckpointWriter(rt::os::Mapping area, const std::atomic<std::uint64_t>& wanted,
                     std::size_t checkpoint_bytes) noexcept;

    /// Whether there is a request that is not answered yet; notes the newest.
    /// @thread dsp
    /// @rt     wait-free
    [[nodiscard]] bool is_wanted() noexcept OB_NONBLOCKING;

    /// Where the state that answers the request goes.
    /// @pre is_wanted()
    /// @rt  wait-free
    [[nodiscard]] std::span<std::byte> state() const noexcept OB_NONBLOCKING;

    /// Tells the host that state() holds what was after block `sequence`.
    /// @pre    is_wanted(), and state() is written
    /// @thread dsp
    /// @rt     wait-free, O(bytes)
    void publish(std::uint64_t sequence) noexcept OB_NONBLOCKING;

private:
    [[nodiscard]] link::CheckpointArea& words() const noexcept
    {
        return *reinterpret_cast<link::CheckpointArea*>(area_.data());
    }

    rt::os::Mapping area_;
    const std::atomic<std::uint64_t>* wanted_ = nullptr;
    std::size_t checkpoint_bytes_ = 0;
    std::uint64_t requested_ = 0;  ///< newest request seen
    std::uint64_t answered_ = 0;   ///< the one published last
};

}  // namespace outboard::service
