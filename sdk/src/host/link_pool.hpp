// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The links of a host: which services run, and who may share them.

#include "rt/os/poll.hpp"
#include "sdk/src/host/link.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace outboard::host {

/// All functions with the host's mutex held. Links belong to those who have lanes in them.
class LinkPool {
public:
    /// A link of that kind which takes another lane, the one with the most lanes; else a new one.
    /// @param in_use  links that it must not be: an insert's replicas live in different processes
    /// @thread plain
    [[nodiscard]] std::shared_ptr<Link> open(const LinkSpec& spec,
                                             const std::vector<const Link*>& in_use);
    /// Links that nobody else holds are not given to anybody any more. @thread control
    void forget(const std::vector<std::shared_ptr<Link>>& links);
    /// @thread plain
    void advance(std::uint64_t now_ns);
    void add_handles(std::vector<rt::os::PollEntry>& entries) const;
    [[nodiscard]] std::uint64_t due_ns() const;

private:
    std::vector<std::weak_ptr<Link>> links_;
};

}  // namespace outboard::host
