// SPDX-License-Identifier: MIT
//
// A service that breaks the rules in the way that OB_TEST_ATTACK names: tables of attacks by the
// moment at which they strike.

#include "tests/integration/services/memory_attacks.hpp"
#include "tests/integration/services/raw_peer.hpp"
#include "tests/integration/services/scribblers.hpp"

#include "rt/os/clock.hpp"

#include <fcntl.h>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace outboard;
using test::RawPeer;

struct Attack {
    std::string_view name;
    void (*strike)(const RawPeer& peer);
};

[[nodiscard]] std::vector<std::byte> rubbish(std::size_t size_bytes)
{
    std::vector<std::byte> bytes(size_bytes);
    std::uint32_t state = 12345;
    for (std::byte& byte : bytes) {
        state = state * 1664525u + 1013904223u;
        byte = static_cast<std::byte>(state >> 24u);
    }
    return bytes;
}

/// A Hello as it looks on the wire.
[[nodiscard]] std::vector<std::byte> hello_bytes()
{
    wire::EnvelopeT envelope;
    envelope.body.Set(RawPeer::good_hello());
    flatbuffers::FlatBufferBuilder builder;
    wire::FinishEnvelopeBuffer(builder, wire::Envelope::Pack(builder, &envelope));
    const auto* const first = reinterpret_cast<const std::byte*>(builder.GetBufferPointer());
    return {first, first + builder.GetSize()};
}

/// A Hello with some bytes changed, and then all that follows as if it had been good.
void send_mutated_hello(const RawPeer& peer, std::string_view seed)
{
    std::mt19937_64 random{std::strtoull(std::string{seed}.c_str(), nullptr, 10)};
    auto bytes = hello_bytes();
    for (std::uint64_t strokes = 1 + random() % 3; strokes > 0; --strokes)
        bytes[random() % bytes.size()] = static_cast<std::byte>(random() % 32);
    peer.send_bytes(bytes);
    [[maybe_unused]] const auto memory = peer.map();  // mapped for as long as we live
    peer.send(wire::MappedT{});
    static_cast<void>(peer.receive());
    peer.start_lane();
    peer.wait_for_end();
}

/// A Hello of 200 KB that says it offers 20,000 processors, all of them the same table with a name
/// of 100 KB: 2 GB, once unpacked.
[[nodiscard]] std::vector<std::byte> swelling_hello_bytes()
{
    flatbuffers::FlatBufferBuilder builder;
    const auto name = builder.CreateString(std::string(100'000, 'x'));
    const auto offer = wire::CreateProcessorOffer(builder, name);
    const std::vector offers(20'000, offer);
    const auto processors = builder.CreateVector(offers);
    wire::HelloBuilder hello{builder};
    hello.add_protocol_min(link::protocol_version_min);
    hello.add_protocol_max(link::protocol_version_max);
    hello.add_processors(processors);
    const auto body = hello.Finish();
    const auto envelope = wire::CreateEnvelope(builder, wire::Body::Hello, body.Union());
    wire::FinishEnvelopeBuffer(builder, envelope);
    const auto* const first = reinterpret_cast<const std::byte*>(builder.GetBufferPointer());
    return {first, first + builder.GetSize()};
}

void hello_with(const RawPeer& peer, std::uint16_t oldest, std::uint16_t newest)
{
    auto hello = RawPeer::good_hello();
    hello.protocol_min = oldest;
    hello.protocol_max = newest;
    peer.send(std::move(hello));
    peer.wait_for_end();
}

void send_handles(const RawPeer& peer, std::size_t count)
{
    const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    const std::vector<int> handles(count, null);
    peer.send_bytes(hello_bytes(), handles);
    peer.wait_for_end();
}

/// Log messages, as fast as the host takes them.
[[noreturn]] void flood(const RawPeer& peer)
{
    for (;;) {
        peer.send(wire::LogT{});
        wire::SavedStateT unasked;
        unasked.request = static_cast<std::uint32_t>(rt::os::monotonic_ns());
        unasked.state.assign(1000, 0);
        peer.send(std::move(unasked));
        if (peer.is_host_gone())
            std::_Exit(EXIT_SUCCESS);
    }
}

constexpr Attack before_hello[] = {
    {"silent", [](const RawPeer& peer) { peer.wait_for_end(); }},
    {"exit", [](const RawPeer&) { std::_Exit(7); }},
    {"abort", [](const RawPeer&) { std::abort(); }},
    {"rubbish",
     [](const RawPeer& peer) {
         peer.send_bytes(rubbish(200));
         peer.wait_for_end();
     }},
    {"long-rubbish",
     [](const RawPeer& peer) {
         peer.send_bytes(rubbish(200'000));
         peer.wait_for_end();
     }},
    {"cut-hello",
     [](const RawPeer& peer) {
         const auto bytes = hello_bytes();
         peer.send_bytes(std::span{bytes}.first(bytes.size() / 2));
         peer.wait_for_end();
     }},
    {"swelling-hello",
     [](const RawPeer& peer) {
         peer.send_bytes(swelling_hello_bytes());
         peer.wait_for_end();
     }},
    {"future-version", [](const RawPeer& peer) { hello_with(peer, 7, 9); }},
    {"version-0", [](const RawPeer& peer) { hello_with(peer, 0, 0); }},
    {"inverted-versions", [](const RawPeer& peer) { hello_with(peer, 9, 0); }},
    {"one-handle", [](const RawPeer& peer) { send_handles(peer, 1); }},
    {"four-handles", [](const RawPeer& peer) { send_handles(peer, 4); }},
    {"mapped-first",
     [](const RawPeer& peer) {
         peer.send(wire::MappedT{});
         peer.wait_for_end();
     }},
    {"no-processors",
     [](const RawPeer& peer) {
         auto hello = RawPeer::good_hello();
         hello.processors.clear();
         peer.send(std::move(hello));
         peer.wait_for_end();
     }},
    {"endless-block",
     [](const RawPeer& peer) {
         auto hello = RawPeer::good_hello();
         hello.processors[0]->fixed_frame_count = std::numeric_limits<std::uint32_t>::max();
         peer.send(std::move(hello));
         peer.wait_for_end();
     }},
    {"bad-name",
     [](const RawPeer& peer) {
         auto hello = RawPeer::good_hello();
         hello.processors[0]->name = std::string(100'000, '\x1b');
         peer.send(std::move(hello));
         peer.wait_for_end();
     }},
};

constexpr Attack after_hello[] = {
    {"hello-twice",
     [](const RawPeer& peer) {
         peer.send(RawPeer::good_hello());
         peer.wait_for_end();
     }},
    {"ready-before-mapped",
     [](const RawPeer& peer) {
         peer.send(wire::LaneReadyT{});
         peer.wait_for_end();
     }},
    {"rubbish-after-hello",
     [](const RawPeer& peer) {
         peer.send_bytes(rubbish(64));
         peer.wait_for_end();
     }},
    {"hang-up-while-mapping",
     [](const RawPeer& peer) {
         static_cast<void>(peer.map());
         std::_Exit(0);
     }},
    {"refuse-with-long-words",
     [](const RawPeer& peer) {
         peer.fail(std::string(100'000, 'a'));
         peer.wait_for_end();
     }},
    {"flood", [](const RawPeer& peer) { flood(peer); }},
    {"hang-in-load",
     [](const RawPeer& peer) {
         const auto memory = peer.map();
         peer.send(wire::MappedT{});
         peer.wait_for_end();
     }},
    {"absurd-latency",
     [](const RawPeer& peer) {
         const auto memory = peer.map();
         peer.send(wire::MappedT{});
         static_cast<void>(peer.receive());
         wire::LaneReadyT ready;
         ready.latency_frames = std::numeric_limits<std::uint32_t>::max();
         peer.send(std::move(ready));
         peer.wait_for_end();
     }},
};

[[nodiscard]] const Attack* find(std::span<const Attack> attacks, std::string_view name)
{
    for (const Attack& attack : attacks) {
        if (attack.name == name)
            return &attack;
    }
    return nullptr;
}

}  // namespace

int main()
{
    const char* const chosen = std::getenv("OB_TEST_ATTACK");
    const std::string_view name = chosen != nullptr ? chosen : "";
    const RawPeer peer;
    constexpr std::string_view mutated = "mutated-";
    if (name.starts_with(mutated)) {
        send_mutated_hello(peer, name.substr(mutated.size()));
    } else if (const Attack* const attack = find(before_hello, name); attack != nullptr) {
        attack->strike(peer);
    } else if (test::attack_memory(peer, name) || test::scribble(peer, name)) {
        peer.wait_for_end();
    } else if (const Attack* const late_attack = find(after_hello, name); late_attack != nullptr) {
        peer.send(RawPeer::good_hello());
        late_attack->strike(peer);
    }
    peer.fail("the test knows no such attack");
    peer.wait_for_end();
}
