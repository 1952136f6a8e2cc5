// SPDX-License-Identifier: MIT

#include "sdk/src/observe/snapshot.hpp"

#include "rt/os/clock.hpp"
#include "rt/os/poll.hpp"
#include "rt/os/program.hpp"
#include "rt/os/socket.hpp"
#include "sdk/src/observe/messages.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace outboard::observe {
namespace {

[[nodiscard]] tl::unexpected<rt::Error> broken() noexcept
{
    return rt::fail(rt::ErrorCode::protocol, "the host's answer is not one of Outboard's");
}

/// One after the other: the host, its inserts, the end.
class SnapshotReader {
public:
    /// @return whether that was the last message
    [[nodiscard]] rt::Result<bool> take(const StateMessage& message)
    {
        if (const auto* const host = std::get_if<ob_observed_host>(&message); host != nullptr)
            return begin(*host);
        if (const auto* const insert = std::get_if<ob_observed_insert>(&message); insert != nullptr)
            return add(*insert);
        return end(std::get<EndOfState>(message));
    }

    [[nodiscard]] Snapshot&& snapshot() && { return *std::move(snapshot_); }

private:
    [[nodiscard]] rt::Result<bool> begin(const ob_observed_host& host)
    {
        if (snapshot_ || host.insert_count > insert_count_max)
            return broken();
        snapshot_ = Snapshot{.host = host, .inserts = {}};
        return false;
    }

    [[nodiscard]] rt::Result<bool> add(const ob_observed_insert& insert)
    {
        if (!snapshot_ || snapshot_->inserts.size() == snapshot_->host.insert_count)
            return broken();
        snapshot_->inserts.push_back(insert);
        return false;
    }

    [[nodiscard]] rt::Result<bool> end(const EndOfState& end)
    {
        if (!snapshot_ || snapshot_->inserts.size() != snapshot_->host.insert_count ||
            end.insert_count != snapshot_->host.insert_count)
            return broken();
        std::sort(snapshot_->inserts.begin(), snapshot_->inserts.end(),
                  [](const ob_observed_insert& left, const ob_observed_insert& right) {
                      return left.number < right.number;
                  });
        return true;
    }

    std::optional<Snapshot> snapshot_;
};

/// A full backlog is a host that does not get round to us: tried again until the deadline.
[[nodiscard]] rt::Result<rt::os::UniqueHandle> connect(const std::string& socket_path,
                                                       std::uint64_t deadline_ns)
{
    constexpr std::uint64_t retry_pause_ns = 2'000'000;
    for (;;) {
        auto socket = rt::os::connect_to(socket_path);
        if (socket || socket.error().code != rt::ErrorCode::timed_out)
            return socket;
        const std::uint64_t now_ns = rt::os::monotonic_ns();
        if (now_ns >= deadline_ns)
            return socket;
        rt::os::sleep_until_ns(std::min(deadline_ns, now_ns + retry_pause_ns));
    }
}

[[nodiscard]] rt::Result<void> check_peer(const rt::os::UniqueHandle& socket)
{
    const auto peer = rt::os::peer_credentials(socket);
    if (!peer)
        return tl::unexpected(peer.error());
    if (peer->user_id != rt::os::current_user_id() && peer->user_id != 0)
        return rt::fail(rt::ErrorCode::no_permission, "another user listens there");
    return {};
}

[[nodiscard]] rt::Result<rt::os::Message> next_message(const rt::os::UniqueHandle& socket,
                                                       std::uint64_t deadline_ns)
{
    for (;;) {
        auto message = rt::os::receive_message(socket);
        if (message || message.error().code != rt::ErrorCode::timed_out)
            return message;
        rt::os::PollEntry entry{.handle = socket.get()};
        const auto ready = rt::os::wait_readable({&entry, 1}, deadline_ns);
        if (!ready)
            return tl::unexpected(ready.error());
        if (*ready == 0)
            return rt::fail(rt::ErrorCode::timed_out, "it did not answer in time");
    }
}

/// Somebody who was there and left has ended.
[[nodiscard]] rt::Error as_gone(const rt::Error& error) noexcept
{
    if (error.code == rt::ErrorCode::disconnected)
        return {rt::ErrorCode::not_found, 0, "it ended meanwhile"};
    return error;
}

}  // namespace

rt::Result<Snapshot> read_snapshot(const std::string& socket_path, std::uint64_t deadline_ns)
{
    const auto socket = connect(socket_path, deadline_ns);
    if (!socket)
        return tl::unexpected(as_gone(socket.error()));
    if (const auto is_ours = check_peer(*socket); !is_ours)
        return tl::unexpected(is_ours.error());

    SnapshotReader reader;
    for (;;) {
        const auto bytes = next_message(*socket, deadline_ns);
        if (!bytes)
            return tl::unexpected(as_gone(bytes.error()));
        const auto message = decode(bytes->bytes);
        if (!message)
            return tl::unexpected(message.error());
        const auto is_complete = reader.take(*message);
        if (!is_complete)
            return tl::unexpected(is_complete.error());
        if (*is_complete)
            return std::move(reader).snapshot();
    }
}

}  // namespace outboard::observe
