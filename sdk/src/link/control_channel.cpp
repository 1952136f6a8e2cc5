// SPDX-License-Identifier: MIT

#include "sdk/src/link/control_channel.hpp"

#include "rt/os/socket.hpp"

#include <flatbuffers/flatbuffers.h>
#include <cstddef>

namespace outboard::link {

rt::Result<void> ControlChannel::send_envelope(const wire::EnvelopeT& envelope,
                                               std::span<const int> handles) const
{
    flatbuffers::FlatBufferBuilder builder;
    wire::FinishEnvelopeBuffer(builder, wire::Envelope::Pack(builder, &envelope));
    const auto* const first = reinterpret_cast<const std::byte*>(builder.GetBufferPointer());
    return rt::os::send_message(socket_, {first, builder.GetSize()}, handles);
}

rt::Result<ControlMessage> ControlChannel::receive() const
{
    auto message = rt::os::receive_message(socket_);
    if (!message)
        return tl::unexpected(message.error());

    const auto* const first = reinterpret_cast<const std::uint8_t*>(message->bytes.data());
    flatbuffers::Verifier verifier{first, message->bytes.size()};
    if (!wire::VerifyEnvelopeBuffer(verifier))
        return rt::fail(rt::ErrorCode::protocol, "verify a control message");

    wire::EnvelopeT envelope;
    wire::GetEnvelope(first)->UnPackTo(&envelope);
    return ControlMessage{std::move(envelope.body), std::move(message->handles)};
}

}  // namespace outboard::link
