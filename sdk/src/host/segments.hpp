// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The host's side of a link's memory: made, handed over, sealed, mapped, in that order. A link has
/// one page of bells, and a pair of segments for each bank of lanes.

#include "rt/control/result.hpp"
#include "rt/os/memory.hpp"
#include "sdk/src/link/lane_memory.hpp"
#include "sdk/src/link/layout.hpp"

#include <array>
#include <atomic>
#include <cstdint>

namespace outboard::host {

/// The two segments of a bank.
class Segments {
public:
    /// Makes both; maps the host-owned one and seals it, so that the service can only ever map it
    /// read-only.
    [[nodiscard]] static rt::Result<Segments> create(const link::LinkShape& shape) noexcept;

    /// What the service is sent: host-owned, service-owned. Valid until seal_and_map().
    [[nodiscard]] std::array<int, 2> handles() const noexcept;

    /// After the service has mapped: seals the other one, so that it can neither resize nor punch
    /// holes, checks that, maps it read-only and closes the handles.
    /// @return protocol when the service has tampered with it
    [[nodiscard]] rt::Result<void> seal_and_map() noexcept;

    [[nodiscard]] const link::LinkShape& shape() const noexcept { return layout_.shape(); }
    /// The host's end of a lane. @pre seal_and_map() succeeded
    [[nodiscard]] link::HostLane lane(std::uint32_t lane) const noexcept;
    [[nodiscard]] std::atomic<std::uint64_t>& checkpoint_wanted(std::uint32_t lane) const noexcept;
    [[nodiscard]] const link::ServiceSegment& service() const noexcept;
    /// Puts the host's words of a lane back to where they began. @pre neither side uses the lane
    void clear_lane(std::uint32_t lane) const noexcept;
    /// Whether RLIMIT_MEMLOCK allowed to lock all of it.
    [[nodiscard]] bool is_locked() const noexcept { return is_locked_; }

private:
    explicit Segments(const link::LinkLayout& layout) noexcept : layout_(layout) {}
    [[nodiscard]] link::HostLaneWords& host_words(std::uint32_t lane) const noexcept;

    link::LinkLayout layout_;
    rt::os::UniqueHandle host_memory_;
    rt::os::UniqueHandle service_memory_;
    rt::os::Mapping host_;
    rt::os::Mapping service_;
    bool is_locked_ = false;
};

/// The page of bells.
class Bells {
public:
    [[nodiscard]] static rt::Result<Bells> create() noexcept;
    /// Valid until seal().
    [[nodiscard]] int handle() const noexcept { return memory_.get(); }
    /// After the service has mapped it, as Segments::seal_and_map().
    [[nodiscard]] rt::Result<void> seal() noexcept;
    [[nodiscard]] link::BellsSegment& words() const noexcept;
    [[nodiscard]] bool is_locked() const noexcept { return is_locked_; }

private:
    Bells() noexcept = default;

    rt::os::UniqueHandle memory_;
    rt::os::Mapping mapping_;
    bool is_locked_ = false;
};

}  // namespace outboard::host
