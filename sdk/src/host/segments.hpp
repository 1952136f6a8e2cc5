// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The host's side of a link's three segments: made, handed over, sealed, mapped, in that order.

#include "rt/control/result.hpp"
#include "rt/os/memory.hpp"
#include "sdk/src/link/lane_memory.hpp"
#include "sdk/src/link/layout.hpp"

#include <array>
#include <atomic>
#include <cstdint>

namespace outboard::host {

class Segments {
public:
    /// Makes all three; maps the host-owned one and the bells; seals the host-owned one, so that
    /// the service can only ever map it read-only.
    [[nodiscard]] static rt::Result<Segments> create(const link::LinkShape& shape) noexcept;

    /// What the service is sent: host-owned, service-owned, bells. Valid until seal_and_map().
    [[nodiscard]] std::array<int, 3> handles() const noexcept;

    /// After the service has mapped: seals the other two, so that it can neither resize nor punch
    /// holes, checks that, maps its segment read-only and closes all handles.
    /// @return protocol when the service has tampered with them
    [[nodiscard]] rt::Result<void> seal_and_map() noexcept;

    /// The host's end of a lane. @pre seal_and_map() succeeded
    [[nodiscard]] link::HostLane lane(std::uint32_t lane) const noexcept;
    [[nodiscard]] std::atomic<std::uint64_t>& checkpoint_wanted(std::uint32_t lane) const noexcept;
    [[nodiscard]] link::BellsSegment& bells() const noexcept;
    [[nodiscard]] const link::ServiceSegment& service() const noexcept;
    /// Whether RLIMIT_MEMLOCK allowed to lock all of it.
    [[nodiscard]] bool is_locked() const noexcept { return is_locked_; }

private:
    explicit Segments(const link::LinkLayout& layout) noexcept : layout_(layout) {}

    link::LinkLayout layout_;
    rt::os::UniqueHandle host_memory_;
    rt::os::UniqueHandle service_memory_;
    rt::os::UniqueHandle bells_memory_;
    rt::os::Mapping host_;
    rt::os::Mapping service_;
    rt::os::Mapping bells_;
    bool is_locked_ = false;
};

}  // namespace outboard::host
