// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The state of a host on its way to one peer, which may read it slowly, or never.

#include "rt/os/handle.hpp"
#include "sdk/src/observe/messages.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace outboard::observe {

using Messages = std::vector<Bytes>;

class Delivery {
public:
    /// How long a peer that does not read is kept.
    static constexpr std::uint64_t patience_ns = 1'000'000'000;

    Delivery(rt::os::UniqueHandle socket, std::shared_ptr<const Messages> messages,
             std::uint64_t now_ns) noexcept
        : socket_(std::move(socket)),
          messages_(std::move(messages)),
          give_up_ns_(now_ns + patience_ns)
    {}

    /// Sends what there is room for, without blocking.
    /// @return whether it has ended: the peer has everything, has gone, or does not read
    [[nodiscard]] bool advance(std::uint64_t now_ns);

private:
    rt::os::UniqueHandle socket_;
    std::shared_ptr<const Messages> messages_;
    std::size_t sent_count_ = 0;
    std::uint64_t give_up_ns_;
};

}  // namespace outboard::observe
