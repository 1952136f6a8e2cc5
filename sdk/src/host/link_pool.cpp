// SPDX-License-Identifier: MIT

#include "sdk/src/host/link_pool.hpp"

#include "rt/os/futex.hpp"

#include <algorithm>

namespace outboard::host {

std::shared_ptr<Link> LinkPool::open(const LinkSpec& spec, const std::vector<const Link*>& in_use)
{
    std::shared_ptr<Link> fullest;
    for (const auto& weak : links_) {
        std::shared_ptr<Link> link = weak.lock();
        const bool may_share = link != nullptr && spec.may_share_with(link->spec()) &&
                               link->takes_lanes() &&
                               std::find(in_use.begin(), in_use.end(), link.get()) == in_use.end();
        if (may_share && (fullest == nullptr || link->lane_count() > fullest->lane_count()))
            fullest = std::move(link);
    }
    if (fullest == nullptr) {
        fullest = std::make_shared<Link>(spec);
        links_.push_back(fullest);
    }
    return fullest;
}

void LinkPool::forget(const std::vector<std::shared_ptr<Link>>& links)
{
    for (const auto& link : links) {
        if (link.use_count() != 1)
            continue;
        std::erase_if(links_, [&link](const auto& weak) { return weak.lock() == link; });
    }
}

void LinkPool::advance(std::uint64_t now_ns)
{
    std::erase_if(links_, [](const auto& weak) { return weak.expired(); });
    for (const auto& weak : links_) {
        if (const auto link = weak.lock())
            link->advance(now_ns);
    }
}

void LinkPool::add_handles(std::vector<rt::os::PollEntry>& entries) const
{
    for (const auto& weak : links_) {
        if (const auto link = weak.lock()) {
            entries.push_back({.handle = link->socket()});
            entries.push_back({.handle = link->error_output().handle()});
        }
    }
}

std::uint64_t LinkPool::due_ns() const
{
    std::uint64_t due_ns = rt::os::no_deadline_ns;
    for (const auto& weak : links_) {
        if (const auto link = weak.lock())
            due_ns = std::min(due_ns, link->due_ns());
    }
    return due_ns;
}

}  // namespace outboard::host
