// SPDX-License-Identifier: MIT
//
// Messages of a service that were good once, and had some bytes changed: whatever they turn into,
// the host decodes them or refuses them, and no memory is touched that must not be (a sanitizer
// build tells).

#include "rt/os/clock.hpp"
#include "rt/os/socket.hpp"
#include "sdk/src/link/control_channel.hpp"
#include "tests/integration/support/one_insert.hpp"
#include "tests/integration/support/seed.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

using namespace outboard;

namespace {

using Bytes = std::vector<std::byte>;

template <typename Table>
[[nodiscard]] Bytes pack(Table message)
{
    wire::EnvelopeT envelope;
    envelope.body.Set(std::move(message));
    flatbuffers::FlatBufferBuilder builder;
    wire::FinishEnvelopeBuffer(builder, wire::Envelope::Pack(builder, &envelope));
    const auto* const first = reinterpret_cast<const std::byte*>(builder.GetBufferPointer());
    return {first, first + builder.GetSize()};
}

[[nodiscard]] wire::HelloT full_hello()
{
    wire::HelloT hello;
    hello.protocol_min = link::protocol_version_min;
    hello.protocol_max = link::protocol_version_max;
    hello.service_name = "service";
    for (const char* const name : {"first", "second"}) {
        auto offer = std::make_unique<wire::ProcessorOfferT>();
        offer->name = name;
        for (std::uint32_t id = 0; id < 3; ++id) {
            auto parameter = std::make_unique<wire::ParameterOfferT>();
            parameter->id = id;
            parameter->key = "key";
            parameter->unit = "dB";
            offer->parameters.push_back(std::move(parameter));
        }
        hello.processors.push_back(std::move(offer));
    }
    return hello;
}

[[nodiscard]] std::vector<Bytes> good_messages()
{
    wire::SavedStateT saved;
    saved.state.assign(200, 1);
    wire::AttachT attach;
    attach.dsp_cpus = {0, 1, 2};
    wire::AddLaneT lane;
    lane.processor = "first";
    lane.parameters.emplace_back(1u, 2.0);
    wire::FailedT failed;
    failed.message = "why";
    return {pack(full_hello()),       pack(std::move(saved)),  pack(std::move(attach)),
            pack(std::move(lane)),    pack(std::move(failed)), pack(wire::LaneReadyT{}),
            pack(wire::LoadStateT{}), pack(wire::LogT{})};
}

/// Changes some bytes, most often to small numbers: those are the likeliest offsets and lengths.
void mutate(Bytes& bytes, std::mt19937_64& random)
{
    for (std::uint64_t strokes = 1 + random() % 6; strokes > 0; --strokes) {
        const std::uint64_t value = random() % 2 == 0 ? random() : random() % 16;
        bytes[random() % bytes.size()] = static_cast<std::byte>(value);
    }
    if (random() % 8 == 0)
        bytes.resize(1 + random() % bytes.size());
}

}  // namespace

TEST_SUITE("integration/mutated_message")
{
    TEST_CASE("every mutated message is decoded or refused as malformed")
    {
        auto random = test::seeded_generator(2);
        auto ends = rt::os::socket_pair();
        REQUIRE(ends);
        const link::ControlChannel channel{std::move(ends->first)};
        const auto good = good_messages();
        int decoded = 0;
        int refused = 0;
        for (int trial = 0; trial < 20'000; ++trial) {
            Bytes bytes = good[random() % good.size()];
            mutate(bytes, random);
            REQUIRE(rt::os::send_message(ends->second, bytes));
            const auto message = channel.receive();
            if (!message)
                REQUIRE(message.error().code == rt::ErrorCode::protocol);
            ++(message ? decoded : refused);
        }
        CHECK(decoded > 100);  // else the mutations do not get past the verifier
        CHECK(refused > 100);
    }

    TEST_CASE("a host that gets a mutated hello streams, or says why not")
    {
        auto random = test::seeded_generator(3);
        for (int trial = 0; trial < 60; ++trial) {
            const std::string seed = std::to_string(random());
            CAPTURE(seed);
            // NOLINTNEXTLINE(concurrency-mt-unsafe): no host lives that could read it
            ::setenv("OB_TEST_ATTACK", ("mutated-" + seed).c_str(), 1);
            const Error error = test::failure_of(OB_HOSTILE_SERVICE);
            CHECK((error.status() == OB_OK || error.what() != std::string{}));
        }
        ::unsetenv("OB_TEST_ATTACK");  // NOLINT(concurrency-mt-unsafe): as above
    }
}
