// SPDX-License-Identifier: MIT
//
// The processor's state: saved from the primary, loaded into all replicas.

#include "sdk/src/host/insert.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

namespace outboard::host {

std::uint32_t Insert::request_saved_state(Failure& failure)
{
    Connection* const connection = streaming();
    if (connection == nullptr) {
        failure = {OB_ERR_SERVICE_EXITED, "no service runs that could save its state"};
        return 0;
    }
    wire::SaveStateT message;
    message.request = ++last_request_;
    if (const auto sent = connection->ask(message); !sent)
        failure = make_failure(sent.error(), "cannot ask for the state");
    return last_request_;
}

std::uint32_t Insert::request_loaded_state(std::span<const std::byte> state, Failure& failure)
{
    Connection* const primary = streaming();
    if (primary == nullptr) {
        failure = {OB_ERR_SERVICE_EXITED, "no service runs that could load the state"};
        return 0;
    }
    ++last_request_;
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(state.data());
    for (const Served& served : served_) {
        if (!served.is_offered || is_lost(served))
            continue;
        wire::LoadStateT message;
        message.request = last_request_;
        message.state_id = last_request_;
        message.state.assign(bytes, bytes + state.size());
        const auto sent = served.connection->ask(std::move(message));
        if (!sent && served.connection.get() == primary)
            failure = make_failure(sent.error(), "cannot send the state");
    }
    return last_request_;
}

bool Insert::has_loaded_state(std::uint32_t request, Failure& failure)
{
    bool is_complete = true;
    const Connection* const primary = streaming();
    for (const Served& served : served_) {
        Connection& connection = *served.connection;
        if (is_lost(served))
            continue;
        const auto reply = connection.take_reply(request);
        is_complete &= !connection.awaits(request);
        const auto* const failed = reply ? reply->AsFailed() : nullptr;
        if (failed == nullptr)
            continue;
        if (&connection == primary) {
            failure = {failed->status < 0 ? failed->status : OB_ERR_REFUSED,
                       "the service refused: " + failed->message};
        } else {
            connection.give_up();  // without the state it is no standby; another one starts with it
        }
    }
    return is_complete || failure;
}

Failure Insert::end_loading(std::uint32_t request)
{
    const Connection* const primary = streaming();
    for (const Served& served : served_) {
        if (is_lost(served) || !served.connection->awaits(request))
            continue;
        if (served.connection.get() == primary)
            return {OB_ERR_TIMED_OUT, "the service did not answer within a second"};
        served.connection->give_up();
    }
    return {};
}

std::optional<wire::BodyUnion> Insert::take_reply(std::uint32_t request)
{
    for (const Served& served : served_) {
        if (auto reply = served.connection->take_reply(request))
            return reply;
    }
    return std::nullopt;
}

void Insert::adopt_state(std::span<const std::byte> state, std::uint32_t request)
{
    spec_.state.assign(state.begin(), state.end());
    spec_.parameters.clear();  // the state holds them all
    parameters_->forget();
    ++state_version_;
    if (held_)
        held_->clear(stream_->unit_count());
    for (Served& served : served_) {
        // The state waits in the reserve for the block that activates it; once the primary's
        // checkpoints are of that state, another one starts with it.
        if (served.is_offered && !served.is_reserve)
            served.state_version = state_version_;
    }
    stream_->activate_state(request);
}

}  // namespace outboard::host
