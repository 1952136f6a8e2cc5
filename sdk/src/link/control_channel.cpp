// SPDX-License-Identifier: MIT

#include "sdk/src/link/control_channel.hpp"

#include "rt/os/socket.hpp"
#include "sdk/src/link/message_alignment.hpp"

#include <flatbuffers/flatbuffers.h>
#include <cstddef>

namespace outboard::link {

namespace {

[[nodiscard]] std::size_t bytes_of(const flatbuffers::String* text) noexcept
{
    return text != nullptr ? text->size() : 0;
}

[[nodiscard]] std::size_t unpacked_bytes(const wire::ProcessorOffer& offer) noexcept
{
    std::size_t size_bytes = bytes_of(offer.name()) + bytes_of(offer.description());
    if (offer.parameters() == nullptr)
        return size_bytes;
    for (const auto* const parameter : *offer.parameters()) {
        size_bytes += sizeof(wire::ParameterOffer*) + bytes_of(parameter->key()) +
                      bytes_of(parameter->name()) + bytes_of(parameter->unit());
    }
    return size_bytes;
}

/// Whether a Hello takes more room unpacked than it has bytes: then it refers to the same bytes
/// again and again, which is valid and could fill all memory. Other messages nest nothing.
[[nodiscard]] bool swells(const wire::Hello& hello, std::size_t message_bytes) noexcept
{
    if (hello.processors() == nullptr)
        return false;
    std::size_t size_bytes = 0;
    for (const auto* const offer : *hello.processors()) {
        size_bytes += unpacked_bytes(*offer);
        if (size_bytes > message_bytes)
            return true;
    }
    return false;
}

}  // namespace

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

    const wire::Envelope& packed = *wire::GetEnvelope(first);
    if (const auto* const hello = packed.body_as_Hello();
        hello != nullptr && swells(*hello, message->bytes.size()))
        return rt::fail(rt::ErrorCode::protocol, "unpack a control message");
    if (const auto* const lane = packed.body_as_AddLane();
        lane != nullptr && !is_aligned(lane->parameters()))
        return rt::fail(rt::ErrorCode::protocol, "read the parameters of a lane");

    wire::EnvelopeT envelope;
    packed.UnPackTo(&envelope);
    return ControlMessage{std::move(envelope.body), std::move(message->handles)};
}

}  // namespace outboard::link
