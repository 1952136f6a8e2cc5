// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// How a host lets itself be observed: whoever connects to its socket gets its state once, and is
/// hung up on. Nothing that a peer sends is read; nothing here blocks.

#include "rt/control/result.hpp"
#include "rt/os/poll.hpp"
#include "sdk/src/host/insert.hpp"
#include "sdk/src/observe/delivery.hpp"
#include "sdk/src/registry/registry.hpp"

#include <outboard/observe.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace outboard::host {

class Observation {
public:
    /// Makes the socket, which is removed with the result.
    /// @param describe  name, rights and the like; version, times and counts are filled in here
    [[nodiscard]] static rt::Result<std::unique_ptr<Observation>> open(
        std::function<ob_observed_host()> describe);

    // ---- plain thread, with the host's mutex ----

    /// Serves who has connected. Call it in each round.
    void advance(std::uint64_t now_ns, std::span<Insert* const> inserts);
    void add_handles(std::vector<rt::os::PollEntry>& entries) const;
    [[nodiscard]] std::uint64_t due_ns(std::uint64_t now_ns) const noexcept;

private:
    Observation(registry::Registration registration, std::function<ob_observed_host()> describe);

    void accept(std::uint64_t now_ns, std::span<Insert* const> inserts);
    [[nodiscard]] std::shared_ptr<const observe::Messages> messages(
        std::uint64_t now_ns, std::span<Insert* const> inserts);
    [[nodiscard]] bool has_room(std::uint64_t now_ns) const noexcept;

    registry::Registration registration_;
    std::function<ob_observed_host()> describe_;
    std::uint64_t started_ns_;
    std::uint64_t started_unix_ns_;
    std::vector<observe::Delivery> deliveries_;
    std::shared_ptr<const observe::Messages> latest_;
    std::uint64_t latest_ns_ = 0;
    std::uint64_t accept_again_ns_ = 0;
};

}  // namespace outboard::host
