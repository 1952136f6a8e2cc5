// SPDX-License-Identifier: MIT

#include "sdk/src/service/server.hpp"

#include "rt/os/clock.hpp"
#include "rt/os/futex.hpp"
#include "rt/os/process.hpp"
#include "rt/os/program.hpp"
#include "rt/os/scheduling.hpp"
#include "rt/os/signals.hpp"
#include "rt/os/socket.hpp"
#include "sdk/src/api/last_error.hpp"

#include <outboard/service.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>

namespace outboard::service {
namespace {

constexpr std::uint64_t ns_per_s = 1'000'000'000;
constexpr std::uint64_t look_after_lanes_ns = ns_per_s / 2;
constexpr std::uint64_t dsp_stop_limit_ns = ns_per_s;
constexpr std::uint64_t accept_pause_ns = ns_per_s / 10;

/// Without any clean-up: a DSP thread may be anywhere, and the system frees all that we hold.
[[noreturn]] void exit_now(int code) noexcept
{
    std::_Exit(code);
}

void lock_memory(const ServiceLog& log)
{
    const auto locked = rt::os::lock_all_memory();
    if (!locked)
        log.note("memory is not locked: " + api::describe(locked.error()));
}

[[nodiscard]] rt::Result<rt::os::UniqueHandle> adopt_socket(const SpawnedBy& parent)
{
    rt::os::ignore_terminal_signals();
    if (rt::os::bind_life_to_parent(parent.parent_id))
        return rt::fail(rt::ErrorCode::disconnected, "the host that started us has gone");
    return rt::os::take_inherited_handle(parent.socket_handle);
}

/// Waits for messages, and handles those that are there.
[[nodiscard]] LinkState serve_once(ServiceLink& link)
{
    rt::os::PollEntry entry{.handle = link.socket().get()};
    const auto ready =
        rt::os::wait_readable({&entry, 1}, rt::os::monotonic_ns() + look_after_lanes_ns);
    if (!ready)
        return LinkState::closed;
    link.look_after_lanes();
    return entry.ready ? link.handle_messages() : LinkState::open;
}

}  // namespace

void serve_parent(const SpawnedBy& parent, const ProcessorCatalog& catalog,
                  const LinkOptions& options, const ServiceLog& log)
{
    auto socket = adopt_socket(parent);
    if (!socket) {
        log.error(api::describe(socket.error()));
        exit_now(OB_SERVE_FAILED);
    }
    ServiceLink link{link::ControlChannel{*std::move(socket)}, catalog, options};
    if (const auto greeted = link.greet(); !greeted) {
        log.error(api::describe(greeted.error()));
        exit_now(OB_SERVE_FAILED);
    }
    // After the greeting: the host prepares the memory meanwhile.
    lock_memory(log);

    LinkState state = LinkState::open;
    while (state == LinkState::open)
        state = serve_once(link);
    exit_now(state == LinkState::version_mismatch ? OB_SERVE_VERSION : OB_SERVE_DONE);
}

int NamedServer::run(const rt::os::UniqueHandle& termination)
{
    lock_memory(log_);
    for (;;) {
        std::vector<rt::os::PollEntry> entries{{.handle = termination.get()},
                                               {.handle = registration_.listener().get()}};
        for (const auto& link : links_)
            entries.push_back({.handle = link->socket().get()});
        const std::uint64_t deadline_ns =
            links_.empty() ? rt::os::no_deadline_ns : rt::os::monotonic_ns() + look_after_lanes_ns;
        if (const auto ready = rt::os::wait_readable(entries, deadline_ns); !ready) {
            log_.error(api::describe(ready.error()));
            return OB_SERVE_FAILED;
        }
        if (entries[0].ready)
            break;
        serve_links(std::span{entries}.subspan(2));
        if (entries[1].ready)
            accept_host();
    }
    for (const auto& link : links_)
        end_link(*link);
    links_.clear();
    return OB_SERVE_DONE;
}

/// @param entries  one for each link, in their order
void NamedServer::serve_links(std::span<const rt::os::PollEntry> entries)
{
    OB_ASSERT(entries.size() == links_.size());
    for (std::size_t index = 0; index < entries.size(); ++index) {
        auto& link = links_[index];
        link->look_after_lanes();
        if (!entries[index].ready || link->handle_messages() == LinkState::open)
            continue;
        end_link(*link);
        link.reset();
    }
    std::erase(links_, nullptr);
}

void NamedServer::accept_host()
{
    auto socket = rt::os::accept_from(registration_.listener());
    if (!socket) {
        // Out of handles, most likely: the listener stays readable, and we must not spin.
        if (socket.error().code != rt::ErrorCode::timed_out)
            rt::os::sleep_until_ns(rt::os::monotonic_ns() + accept_pause_ns);
        return;
    }
    const auto peer = rt::os::peer_credentials(*socket);
    if (!peer || (peer->user_id != rt::os::current_user_id() && peer->user_id != 0)) {
        log_.error("a connection of another user was refused");
        return;
    }
    auto link =
        std::make_unique<ServiceLink>(link::ControlChannel{*std::move(socket)}, catalog_, options_);
    if (!link->greet())
        return;
    log_.note("process " + std::to_string(peer->process_id) + " has connected");
    links_.push_back(std::move(link));
}

void NamedServer::end_link(ServiceLink& link) const
{
    if (!link.shut_down(rt::os::monotonic_ns() + dsp_stop_limit_ns)) {
        log_.error("a processor hangs after its host has gone; giving up");
        exit_now(OB_SERVE_FAILED);
    }
    log_.note("host '" + link.host_name() + "' has gone");
}

}  // namespace outboard::service
