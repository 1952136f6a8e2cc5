// SPDX-License-Identifier: MIT

#include "sdk/src/observe/delivery.hpp"

#include "rt/os/socket.hpp"

#include <doctest/doctest.h>
#include <memory>
#include <utility>

using namespace outboard;
using observe::Delivery;

namespace {

constexpr std::uint64_t start_ns = 1'000;

/// Far more than a socket holds; message i consists of bytes i.
std::shared_ptr<const observe::Messages> many_messages()
{
    auto messages = std::make_shared<observe::Messages>();
    for (int index = 0; index < 200; ++index)
        messages->emplace_back(100'000, static_cast<std::byte>(index));
    return messages;
}

struct Pair {
    Pair()
    {
        auto ends = rt::os::socket_pair();
        REQUIRE(ends);
        host = std::move(ends->first);
        peer = std::move(ends->second);
    }
    rt::os::UniqueHandle host;
    rt::os::UniqueHandle peer;
};

}  // namespace

TEST_SUITE("sdk/delivery")
{
    TEST_CASE("what fits is sent at once, and then the peer is hung up on")
    {
        Pair pair;
        const auto messages = std::make_shared<observe::Messages>(3, observe::Bytes(500));
        {
            Delivery delivery{std::move(pair.host), messages, start_ns};
            CHECK(delivery.advance(start_ns));
        }
        for (int count = 0; count < 3; ++count)
            CHECK(rt::os::receive_message(pair.peer));
        CHECK(rt::os::receive_message(pair.peer).error().code == rt::ErrorCode::disconnected);
    }

    TEST_CASE("a peer that reads slowly gets everything, in order")
    {
        Pair pair;
        const auto messages = many_messages();
        Delivery delivery{std::move(pair.host), messages, start_ns};
        std::size_t round_count = 0;
        std::size_t received_count = 0;
        for (bool has_ended = false; !has_ended || received_count < messages->size();) {
            has_ended = has_ended || delivery.advance(start_ns);
            const auto message = rt::os::receive_message(pair.peer);
            REQUIRE(message);
            REQUIRE(message->bytes == (*messages)[received_count]);
            ++received_count;
            round_count += has_ended ? 0 : 1;
        }
        CHECK(received_count == messages->size());
        CHECK(round_count > 1);
    }

    TEST_CASE("a peer that never reads is kept for a while, and then dropped")
    {
        Pair pair;
        Delivery delivery{std::move(pair.host), many_messages(), start_ns};
        CHECK(!delivery.advance(start_ns));
        CHECK(!delivery.advance(start_ns + Delivery::patience_ns - 1));
        CHECK(delivery.advance(start_ns + Delivery::patience_ns));
    }

    TEST_CASE("a peer that has gone is dropped at once")
    {
        Pair pair;
        Delivery delivery{std::move(pair.host), many_messages(), start_ns};
        CHECK(!delivery.advance(start_ns));
        pair.peer.reset();
        CHECK(delivery.advance(start_ns));
    }
}
