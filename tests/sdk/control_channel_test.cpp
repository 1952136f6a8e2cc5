// SPDX-License-Identifier: MIT

#include "sdk/src/link/control_channel.hpp"

#include "rt/os/memory.hpp"
#include "rt/os/socket.hpp"

#include <doctest/doctest.h>
#include <flatbuffers/flatbuffers.h>
#include <array>
#include <cstddef>
#include <random>
#include <string>
#include <vector>

using namespace outboard;

namespace {

struct Channels {
    Channels()
    {
        auto ends = rt::os::socket_pair();
        REQUIRE(ends);
        left = link::ControlChannel{std::move(ends->first)};
        right = link::ControlChannel{std::move(ends->second)};
    }

    /// Sends bytes that need not be a message.
    [[nodiscard]] rt::Result<link::ControlMessage> receive_raw(
        std::span<const std::byte> bytes) const
    {
        REQUIRE(rt::os::send_message(left.socket(), bytes));
        return right.receive();
    }

    link::ControlChannel left;
    link::ControlChannel right;
};

std::vector<std::byte> encoded(wire::EnvelopeT envelope)
{
    flatbuffers::FlatBufferBuilder builder;
    wire::FinishEnvelopeBuffer(builder, wire::Envelope::Pack(builder, &envelope));
    const auto* const first = reinterpret_cast<const std::byte*>(builder.GetBufferPointer());
    return {first, first + builder.GetSize()};
}

std::vector<std::byte> encoded_hello()
{
    wire::EnvelopeT envelope;
    wire::HelloT hello;
    hello.service_name = "someone";
    hello.processors.push_back(std::make_unique<wire::ProcessorOfferT>());
    hello.processors.back()->parameters.push_back(std::make_unique<wire::ParameterOfferT>());
    envelope.body.Set(std::move(hello));
    return encoded(std::move(envelope));
}

std::vector<std::byte> encoded_lane()
{
    wire::EnvelopeT envelope;
    wire::AddLaneT lane;
    lane.processor = "first";
    lane.parameters.emplace_back(1u, 2.0);
    envelope.body.Set(std::move(lane));
    return encoded(std::move(envelope));
}

bool is_protocol_error(const rt::Result<link::ControlMessage>& message)
{
    return !message && message.error().code == rt::ErrorCode::protocol;
}

}  // namespace

TEST_SUITE("sdk/control_channel")
{
    TEST_CASE("without a message there is nothing to receive yet")
    {
        const Channels channels;
        const auto message = channels.right.receive();
        REQUIRE(!message);
        CHECK(message.error().code == rt::ErrorCode::timed_out);
    }

    TEST_CASE("the end of the other side is seen on both ways")
    {
        Channels channels;
        channels.left.close();
        const auto message = channels.right.receive();
        REQUIRE(!message);
        CHECK(message.error().code == rt::ErrorCode::disconnected);
        const auto sent = channels.right.send(wire::MappedT{});
        REQUIRE(!sent);
        CHECK(sent.error().code == rt::ErrorCode::disconnected);
    }

    TEST_CASE("a message arrives as it was sent, with its handles")
    {
        const Channels channels;
        const auto memory = rt::os::create_shared_memory("test", 4'096);
        REQUIRE(memory);
        wire::AddLaneT lane;
        lane.lane = 5;
        lane.processor = "reverb";
        lane.parameters = {wire::ParameterValue{1, 0.25}};
        lane.state = {1, 2, 3};
        REQUIRE(channels.left.send(lane, std::array{memory->get()}));

        const auto message = channels.right.receive();
        REQUIRE(message);
        CHECK(message->handles.size() == 1);
        const auto* const received = message->body.AsAddLane();
        REQUIRE(received != nullptr);
        CHECK(received->lane == 5);
        CHECK(received->processor == "reverb");
        REQUIRE(received->parameters.size() == 1);
        CHECK(received->parameters[0].id() == 1);
        CHECK(received->parameters[0].value() == 0.25);
        CHECK(received->state == lane.state);
    }

    TEST_CASE("the longest state fits a message")
    {
        const Channels channels;
        wire::SavedStateT saved;
        saved.state.assign(link::state_bytes_max, 7);
        REQUIRE(channels.left.send(saved));
        const auto message = channels.right.receive();
        REQUIRE(message);
        REQUIRE(message->body.AsSavedState() != nullptr);
        CHECK(message->body.AsSavedState()->state.size() == link::state_bytes_max);
    }

    TEST_CASE("bytes that are no message are reported, and the next message is read")
    {
        const Channels channels;
        const std::vector<std::byte> zeros(64);
        CHECK(is_protocol_error(channels.receive_raw(zeros)));
        CHECK(is_protocol_error(channels.receive_raw(std::span{zeros}.first(1))));
        REQUIRE(channels.left.send(wire::MappedT{}));
        CHECK(channels.right.receive());
    }

    TEST_CASE("a message of another kind of file is refused")
    {
        const Channels channels;
        auto bytes = encoded_hello();
        bytes[4] = std::byte{'X'};  // the file identifier follows the root offset
        CHECK(is_protocol_error(channels.receive_raw(bytes)));
    }

    TEST_CASE("a truncated message is refused at every length")
    {
        const Channels channels;
        const auto bytes = encoded_hello();
        for (std::size_t length = 1; length < bytes.size(); ++length) {
            const auto message = channels.receive_raw(std::span{bytes}.first(length));
            // What is cut off may be padding; but nothing is read beyond the end.
            const bool is_harmless = message ? message->body.AsHello() != nullptr
                                             : message.error().code == rt::ErrorCode::protocol;
            CHECK(is_harmless);
        }
    }

    TEST_CASE("corrupt messages are refused or decoded, but harm nothing")
    {
        const std::uint32_t seed = std::random_device{}();
        INFO("seed ", seed);
        std::mt19937 random{seed};
        const Channels channels;
        const auto sound = encoded_hello();
        int decoded_count = 0;
        for (int round = 0; round < 5'000; ++round) {
            auto bytes = sound;
            for (int flip = 0; flip < 3; ++flip)
                bytes[random() % bytes.size()] = static_cast<std::byte>(random());
            decoded_count += channels.receive_raw(bytes) ? 1 : 0;
        }
        CHECK(decoded_count < 5'000);
        CHECK(channels.receive_raw(sound));
    }

    TEST_CASE("parameters that do not lie where a double may are refused")
    {
        const Channels channels;
        const auto sound = encoded_lane();
        REQUIRE(channels.receive_raw(sound));
        int misplaced_count = 0;
        for (std::size_t position = 0; position < sound.size(); ++position) {
            for (int value = 0; value < 64; ++value) {  // the likeliest offsets
                auto bytes = sound;
                bytes[position] = static_cast<std::byte>(value);
                const auto message = channels.receive_raw(bytes);
                if (!message &&
                    std::string{message.error().operation} == "read the parameters of a lane")
                    ++misplaced_count;
            }
        }
        CHECK(misplaced_count > 0);
    }

    TEST_CASE("the newest version that both sides speak is chosen")
    {
        using link::common_version;
        constexpr auto ours_min = link::protocol_version_min;
        constexpr auto ours_max = link::protocol_version_max;
        CHECK(common_version(ours_min, ours_max) == ours_max);
        CHECK(common_version(0, 0xffff) == ours_max);
        CHECK(common_version(ours_max, ours_max + 5) == ours_max);
        CHECK(common_version(ours_max + 1, ours_max + 5) == 0);
        CHECK(common_version(0, ours_min - 1) == 0);
        CHECK(common_version(5, 2) == 0);
    }
}
