// SPDX-License-Identifier: MIT
//
// A service that is found by name, and hosts that break the rules: it refuses or ignores what they
// send, and goes on serving the others.

#include "tests/integration/support/found_service.hpp"
#include "tests/integration/support/one_insert.hpp"
#include "tests/integration/support/raw_host.hpp"
#include "tests/integration/support/runtime_directory.hpp"
#include "tests/integration/support/seed.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <array>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

using namespace outboard;
using test::RawHost;

namespace {

constexpr const char* name = "target";
constexpr auto huge = std::numeric_limits<std::uint32_t>::max();

/// The service and a host that uses it by the rules meanwhile.
struct Target {
    test::RuntimeDirectory runtime;
    test::FoundService service{OB_BUILTIN, name};
    bool is_found = service.wait_until_found();
    test::OneInsert witness{"@target"};

    /// Whether all is well with the others.
    [[nodiscard]] bool is_unharmed()
    {
        return service.is_running() && witness.process_until_wet() && witness.is_output_input();
    }
};

struct BadAttach {
    const char* what;
    void (*spoil)(wire::AttachT& attach);
    int status;
};

constexpr BadAttach bad_attaches[] = {
    {"version", [](wire::AttachT& attach) { attach.protocol = 99; }, OB_ERR_VERSION},
    {"no lanes", [](wire::AttachT& attach) { attach.lane_count = 0; }, OB_ERR_PROTOCOL},
    {"lanes", [](wire::AttachT& attach) { attach.lane_count = huge; }, OB_ERR_PROTOCOL},
    {"channels", [](wire::AttachT& attach) { attach.input_channel_count = huge; }, OB_ERR_PROTOCOL},
    {"outputs", [](wire::AttachT& attach) { attach.output_channel_count = 65; }, OB_ERR_PROTOCOL},
    {"frames", [](wire::AttachT& attach) { attach.frame_capacity = 0; }, OB_ERR_PROTOCOL},
    {"slots", [](wire::AttachT& attach) { attach.slot_count = 17; }, OB_ERR_PROTOCOL},
    {"events", [](wire::AttachT& attach) { attach.event_bytes = 65; }, OB_ERR_PROTOCOL},
    {"memory too short for its shape", [](wire::AttachT& attach) { attach.lane_count = 64; },
     OB_ERR_INVALID_ARGUMENT},
};

struct BadLane {
    const char* what;
    void (*spoil)(wire::AddLaneT& lane);
};

constexpr BadLane bad_lanes[] = {
    {"lane", [](wire::AddLaneT& lane) { lane.lane = 2; }},
    {"far lane", [](wire::AddLaneT& lane) { lane.lane = huge; }},
    {"processor", [](wire::AddLaneT& lane) { lane.processor = "no such"; }},
    {"rate",
     [](wire::AddLaneT& lane) { lane.sample_rate_hz = std::numeric_limits<double>::quiet_NaN(); }},
    {"no frames", [](wire::AddLaneT& lane) { lane.max_frame_count = 0; }},
    {"frames", [](wire::AddLaneT& lane) { lane.max_frame_count = 65; }},
    {"parameter", [](wire::AddLaneT& lane) { lane.parameters.emplace_back(4711u, 0.0); }},
    {"value", [](wire::AddLaneT& lane) { lane.parameters.emplace_back(0u, 1e30); }},
    {"state", [](wire::AddLaneT& lane) { lane.state.assign(1000, 0xff); }},
};

/// Puts a block into the next slot, as the rules say, for a test to spoil.
[[nodiscard]] link::Slot<std::byte> write_block(RawHost& host, std::uint64_t sequence)
{
    REQUIRE(host.lane().input().reserve() == rt::RingStatus::ok);
    auto slot = host.lane().input_slot();
    slot.header() = {.sequence = sequence,
                     .posted_ns = 0,
                     .dsp_started_ns = 0,
                     .dsp_ended_ns = 0,
                     .frame_count = 64,
                     .event_bytes = 0,
                     .caller = 0,
                     .reserved = 0};
    return slot;
}

void post(RawHost& host)
{
    host.lane().input().publish();
    host.ring();
}

/// A good message, packed.
template <typename Table>
[[nodiscard]] std::vector<std::byte> pack(Table message)
{
    wire::EnvelopeT envelope;
    envelope.body.Set(std::move(message));
    flatbuffers::FlatBufferBuilder builder;
    wire::FinishEnvelopeBuffer(builder, wire::Envelope::Pack(builder, &envelope));
    const auto* const first = reinterpret_cast<const std::byte*>(builder.GetBufferPointer());
    return {first, first + builder.GetSize()};
}

}  // namespace

TEST_SUITE("integration/host_input")
{
    TEST_CASE("an Attach that makes no sense is refused")
    {
        Target target;
        const link::LinkLayout layout{link::LinkShape{.lane_count = 2, .event_bytes = 1024}};
        const auto host_memory = test::make_memory(layout.host_bytes());
        const auto service_memory = test::make_memory(layout.service_bytes());
        const auto bells = test::make_memory(sizeof(link::BellsSegment));
        const std::array<int, 3> handles{host_memory.get(), service_memory.get(), bells.get()};
        for (const BadAttach& bad : bad_attaches) {
            CAPTURE(std::string{bad.what});
            const RawHost host{name};
            auto attach = RawHost::good_attach();
            bad.spoil(attach);
            host.send(std::move(attach), handles);
            CHECK(host.receive_failure() == bad.status);
            CHECK(target.is_unharmed());
        }
    }

    TEST_CASE("an Attach with other handles than three segments is refused")
    {
        Target target;
        const rt::os::UniqueHandle null{::open("/dev/null", O_RDWR | O_CLOEXEC)};
        const auto small = test::make_memory(1);
        for (const std::vector<int>& handles :
             {std::vector<int>{}, std::vector<int>(2, small.get()),
              std::vector<int>(4, small.get()), std::vector<int>(3, small.get()),
              std::vector<int>(3, null.get())}) {
            CAPTURE(handles.size());
            const RawHost host{name};
            host.send(RawHost::good_attach(), handles);
            CHECK(host.receive_failure() < 0);
            CHECK(target.is_unharmed());
        }
    }

    TEST_CASE("messages out of turn are refused, and the link goes on")
    {
        Target target;
        RawHost host{name};
        host.send(RawHost::good_lane());
        CHECK(host.receive_failure() == OB_ERR_PROTOCOL);
        host.send(wire::SaveStateT{});
        CHECK(host.receive_failure() == OB_ERR_PROTOCOL);
        host.send(wire::LoadStateT{});
        CHECK(host.receive_failure() == OB_ERR_PROTOCOL);
        host.send(wire::InjectFaultT{});
        CHECK(host.receive_failure() == OB_ERR_REFUSED);
        host.send(wire::MappedT{});
        CHECK(host.receive_failure() == OB_ERR_PROTOCOL);
        REQUIRE(host.stream());
        host.send(RawHost::good_lane());  // its lane is taken
        CHECK(host.receive_failure() == OB_ERR_PROTOCOL);
        host.send(RawHost::good_attach());
        CHECK(host.receive_failure() == OB_ERR_PROTOCOL);
        CHECK(target.is_unharmed());
    }

    TEST_CASE("a lane that makes no sense is refused, and a good one still taken")
    {
        Target target;
        RawHost host{name};
        host.attach();
        for (const BadLane& bad : bad_lanes) {
            CAPTURE(std::string{bad.what});
            auto lane = RawHost::good_lane();
            bad.spoil(lane);
            host.send(std::move(lane));
            CHECK(host.receive_failure() < 0);
        }
        host.send(RawHost::good_lane());
        const auto answer = host.receive();
        REQUIRE(answer);
        CHECK(answer->AsLaneReady() != nullptr);
        CHECK(target.is_unharmed());
    }

    TEST_CASE("a block with a header or events that make no sense ends its lane only")
    {
        struct BadBlock {
            const char* what;
            void (*spoil)(const link::Slot<std::byte>& slot);
        };
        constexpr BadBlock bad_blocks[] = {
            {"no frames", [](const link::Slot<std::byte>& slot) { slot.header().frame_count = 0; }},
            {"frames", [](const link::Slot<std::byte>& slot) { slot.header().frame_count = huge; }},
            {"caller", [](const link::Slot<std::byte>& slot) { slot.header().caller = 32; }},
            {"event bytes",
             [](const link::Slot<std::byte>& slot) { slot.header().event_bytes = huge; }},
            {"events",
             [](const link::Slot<std::byte>& slot) {
                 std::memset(slot.events().data(), 0x11, slot.events().size());
                 slot.header().event_bytes = 64;
             }},
        };
        Target target;
        for (const BadBlock& bad : bad_blocks) {
            CAPTURE(std::string{bad.what});
            RawHost host{name};
            REQUIRE(host.stream());
            bad.spoil(write_block(host, 0));
            post(host);
            CHECK(host.receive_failure() == OB_ERR_PROTOCOL);
            CHECK(target.is_unharmed());
        }
    }

    TEST_CASE("counts that make no sense end their lane only")
    {
        Target target;
        for (const bool is_input : {true, false}) {
            CAPTURE(is_input);
            RawHost host{name};
            REQUIRE(host.stream());
            for (std::uint64_t sequence = 0; sequence < 16; ++sequence) {
                static_cast<void>(write_block(host, sequence));
                if (sequence == 15) {
                    auto& words = host.lane_words();
                    auto& count = is_input ? words.input_write_count : words.output_read_count;
                    count.store(1'000'000, std::memory_order_relaxed);
                }
                host.lane().input().publish();
            }
            if (is_input)
                host.lane_words().input_write_count.store(1'000'000, std::memory_order_relaxed);
            host.ring();
            // The 17th answer is the first that needs to know what the host has read.
            for (std::uint64_t sequence = 16; !is_input && sequence < 24; ++sequence) {
                while (host.lane().input().reserve() != rt::RingStatus::ok)
                    host.ring();
                static_cast<void>(write_block(host, sequence));
                post(host);
            }
            CHECK(host.receive_failure() == OB_ERR_PROTOCOL);
            CHECK(target.is_unharmed());
        }
    }

    TEST_CASE("hosts that write anything into their segment, and leave, do no harm to others")
    {
        Target target;
        auto random = test::seeded_generator();
        for (int trial = 0; trial < 10; ++trial) {
            RawHost host{name};
            REQUIRE(host.stream(trial % 2 == 0 ? "reverb" : "gain"));
            const auto& memory = host.host_memory();
            for (int stroke = 0; stroke < 20'000; ++stroke) {
                const std::uint64_t word = random() % 3 == 0 ? random() : random() % 70;
                const std::size_t place = random() % (memory.size_bytes() / sizeof word);
                std::memcpy(memory.data() + place * sizeof word, &word, sizeof word);
                if (stroke % 100 == 0) {
                    host.lane_words().input_write_count.store(random() % 17,
                                                              std::memory_order_relaxed);
                    host.ring();
                }
            }
            CHECK(target.is_unharmed());
        }
    }

    TEST_CASE("mutated messages are refused or obeyed, and never hurt the service")
    {
        Target target;
        auto random = test::seeded_generator(1);
        auto attach = pack(RawHost::good_attach());
        wire::LoadStateT state;
        state.state.assign(100, 7);
        const std::vector<std::vector<std::byte>> good = {
            attach, pack(RawHost::good_lane()), pack(wire::SaveStateT{}), pack(std::move(state)),
            pack(wire::InjectFaultT{})};
        for (int host_number = 0; host_number < 20; ++host_number) {
            RawHost host{name};
            if (host_number % 2 == 0)
                REQUIRE(host.stream());
            for (int trial = 0; trial < 25; ++trial) {
                auto bytes = good[random() % good.size()];
                for (std::uint64_t strokes = random() % 6; strokes > 0; --strokes)
                    bytes[random() % bytes.size()] = static_cast<std::byte>(random());
                if (random() % 8 == 0)
                    bytes.resize(1 + random() % bytes.size());
                host.send_bytes(bytes);
            }
            static_cast<void>(host.receive());
            CHECK(target.service.is_running());
        }
        CHECK(target.is_unharmed());
    }
}
