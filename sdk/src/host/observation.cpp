// SPDX-License-Identifier: MIT

#include "sdk/src/host/observation.hpp"

#include "rt/os/clock.hpp"
#include "rt/os/futex.hpp"
#include "rt/os/process.hpp"
#include "rt/os/program.hpp"
#include "rt/os/socket.hpp"
#include "sdk/src/host/copy_text.hpp"
#include "sdk/src/host/insert_figures.hpp"
#include "sdk/src/observe/snapshot.hpp"
#include "sdk/src/registry/host_sockets.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace outboard::host {

namespace {

/// More wait in the listener's queue.
constexpr std::size_t peers_max = 8;
/// A peer that has no room for more is looked at so often.
constexpr std::uint64_t look_interval_ns = 5'000'000;
/// Whoever asks within that time gets the same figures: no crowd of askers makes more work.
constexpr std::uint64_t figures_age_ns_max = 20'000'000;
/// Out of handles: the listener stays readable, and must not keep the thread busy.
constexpr std::uint64_t accept_pause_ns = 100'000'000;
/// And whoever connects again and again does not either.
constexpr std::uint64_t accept_interval_ns = 1'000'000;

[[nodiscard]] std::uint64_t unix_ns() noexcept
{
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

/// The socket's mode keeps others out; a directory that somebody opened does not.
[[nodiscard]] bool may_observe(const rt::os::UniqueHandle& socket) noexcept
{
    const auto peer = rt::os::peer_credentials(socket);
    return peer && (peer->user_id == rt::os::current_user_id() || peer->user_id == 0);
}

}  // namespace

rt::Result<std::unique_ptr<Observation>> Observation::open(
    std::function<ob_observed_host()> describe)
{
    auto registration = registry::claim_host_socket();
    if (!registration)
        return tl::unexpected(registration.error());
    return std::unique_ptr<Observation>{
        new Observation{*std::move(registration), std::move(describe)}};
}

Observation::Observation(registry::Registration registration,
                         std::function<ob_observed_host()> describe)
    : registration_(std::move(registration)),
      describe_(std::move(describe)),
      started_ns_(rt::os::monotonic_ns()),
      started_unix_ns_(unix_ns())
{}

bool Observation::has_room(std::uint64_t now_ns) const noexcept
{
    return deliveries_.size() < peers_max && now_ns >= accept_again_ns_;
}

void Observation::advance(std::uint64_t now_ns, std::span<Insert* const> inserts)
{
    if (has_room(now_ns))
        accept(now_ns, inserts);
    std::erase_if(deliveries_,
                  [&](observe::Delivery& delivery) { return delivery.advance(now_ns); });
}

/// One a round: the thread has other things to do, and comes back for the next.
void Observation::accept(std::uint64_t now_ns, std::span<Insert* const> inserts)
{
    auto socket = rt::os::accept_from(registration_.listener());
    if (!socket) {
        if (socket.error().code != rt::ErrorCode::timed_out)
            accept_again_ns_ = now_ns + accept_pause_ns;
        return;
    }
    accept_again_ns_ = now_ns + accept_interval_ns;
    if (!may_observe(*socket))
        return;
    deliveries_.emplace_back(*std::move(socket), messages(now_ns, inserts), now_ns);
}

std::shared_ptr<const observe::Messages> Observation::messages(std::uint64_t now_ns,
                                                               std::span<Insert* const> inserts)
{
    if (latest_ != nullptr && now_ns - latest_ns_ < figures_age_ns_max)
        return latest_;
    auto messages = std::make_shared<observe::Messages>(1);
    for (const Insert* const insert : inserts) {
        if (insert->has_started() && messages->size() <= observe::insert_count_max)
            messages->push_back(observe::encode(host::observe(*insert)));
    }
    const auto insert_count = static_cast<std::uint32_t>(messages->size() - 1);
    ob_observed_host described = describe_();
    copy_text(ob_version_string(), described.library_version);
    described.process_id = rt::os::current_process_id();
    described.insert_count = insert_count;
    described.started_unix_ns = started_unix_ns_;
    described.running_ns = now_ns - started_ns_;
    messages->front() = observe::encode(described);
    messages->push_back(observe::encode(observe::EndOfState{insert_count}));
    latest_ = std::move(messages);
    latest_ns_ = now_ns;
    return latest_;
}

void Observation::add_handles(std::vector<rt::os::PollEntry>& entries) const
{
    if (has_room(rt::os::monotonic_ns()))
        entries.push_back({.handle = registration_.listener().get()});
}

std::uint64_t Observation::due_ns(std::uint64_t now_ns) const noexcept
{
    // Nobody tells us when a peer has read: look again.
    const std::uint64_t peers_due_ns =
        deliveries_.empty() ? rt::os::no_deadline_ns : now_ns + look_interval_ns;
    return now_ns < accept_again_ns_ ? std::min(peers_due_ns, accept_again_ns_) : peers_due_ns;
}

}  // namespace outboard::host
