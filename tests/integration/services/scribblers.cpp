// SPDX-License-Identifier: MIT

#include "tests/integration/services/scribblers.hpp"

#include "rt/os/clock.hpp"
#include "rt/path/bell.hpp"

#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <thread>

namespace outboard::test {

namespace {

using Random = std::mt19937_64;

/// Any word of a mapping, at random. ThreadSanitizer looks away: these races are the point.
[[gnu::no_sanitize("thread"), gnu::noinline]] void scribble_words(const rt::os::Mapping& mapping,
                                                                  Random& random, int count)
{
    for (int i = 0; i < count; ++i) {
        const std::uint64_t word = random() % 4 == 0 ? random() : random() % 64;
        const std::size_t offset = random() % (mapping.size_bytes() / sizeof(word)) * sizeof(word);
        std::memcpy(mapping.data() + offset, &word, sizeof(word));
    }
}

/// Answers well, while another thread writes over everything.
[[noreturn]] void scribble_everything(const RawPeer& peer, const PeerMemory& memory)
{
    std::thread{[&memory] {
        Random random{std::random_device{}()};
        for (;;) {
            scribble_words(memory.service, random, 200);
            scribble_words(memory.bells, random, 20);
            std::this_thread::yield();
        }
    }}.detach();
    peer.answer_blocks(memory, [](link::BlockHeader&) {});
}

/// Only the words that steer the rings, so that the host meets every combination.
[[noreturn]] void scribble_counts(const RawPeer& peer, const PeerMemory& memory)
{
    Random random{std::random_device{}()};
    link::ServiceLaneWords& words = memory.lane_words();
    while (!peer.is_host_gone()) {
        words.output_write_count.store(random() % 40, std::memory_order_relaxed);
        words.input_read_count.store(random() % 40, std::memory_order_relaxed);
        for (rt::Bell& bell : memory.bell_words().replies)
            rt::ring(bell);
        rt::os::sleep_until_ns(rt::os::monotonic_ns() + 100'000);
    }
    std::_Exit(EXIT_SUCCESS);
}

/// Answers well, but says that it has read what was never written.
[[noreturn]] void break_input_count(const RawPeer& peer, const PeerMemory& memory)
{
    std::thread liar;  // from the first answer on: until then the lane must be as the host made it
    peer.answer_blocks(memory, [&](link::BlockHeader&) {
        if (liar.joinable())
            return;
        liar = std::thread{[&memory] {
            for (;;) {
                memory.lane_words().input_read_count.store(1'000'000, std::memory_order_relaxed);
                std::this_thread::yield();
            }
        }};
    });
}

/// Rings, and beats as if it made progress, and never answers.
[[noreturn]] void ring_only(const RawPeer& peer, const PeerMemory& memory)
{
    while (!peer.is_host_gone()) {
        memory.service_words().dsp_beat.count.fetch_add(1, std::memory_order_relaxed);
        for (rt::Bell& bell : memory.bell_words().replies) {
            bell.asleep.store(1, std::memory_order_relaxed);
            bell.rung.fetch_add(1, std::memory_order_relaxed);
        }
    }
    std::_Exit(EXIT_SUCCESS);
}

/// Takes blocks and gives nothing back, without a sign of life.
[[noreturn]] void answer_never(const RawPeer& peer, const PeerMemory&)
{
    peer.wait_for_end();
}

struct Scribbler {
    std::string_view name;
    void (*run)(const RawPeer& peer, const PeerMemory& memory);
};

/// What a dying service would write, with nothing in it that is true.
void scribble_report(link::CrashArea& area)
{
    area.signal = -1'000'000;
    area.thread_id = -1;
    area.block = std::numeric_limits<std::uint64_t>::max();
    area.frame_count = std::numeric_limits<std::uint32_t>::max();
    area.thread_name.fill('\x1b');
    area.processor.fill('A');
    for (link::CrashFrame& frame : area.frames)
        frame.module.fill('\x07');
    area.is_written.store(1, std::memory_order_release);
}

constexpr Scribbler scribblers[] = {
    {"false-death",
     [](const RawPeer& peer, const PeerMemory& memory) {
         std::uint64_t answered = 0;
         peer.answer_blocks(memory, [&](link::BlockHeader&) {
             if (++answered < 20)
                 return;
             memory.service_words().life.store(link::dying_of_signal(SIGSEGV),
                                               std::memory_order_relaxed);
         });
     }},
    {"false-report",
     [](const RawPeer& peer, const PeerMemory& memory) {
         scribble_report(memory.service_words().crash);
         std::uint64_t answered = 0;
         peer.answer_blocks(memory, [&answered](link::BlockHeader&) {
             if (++answered == 20)
                 std::_Exit(EXIT_SUCCESS);
         });
     }},
    {"scribble-everything", scribble_everything},
    {"scribble-counts", scribble_counts},
    {"broken-input-count", break_input_count},
    {"ring-only", ring_only},
    {"answer-never", answer_never},
    {"wrong-sequence",
     [](const RawPeer& peer, const PeerMemory& memory) {
         peer.answer_blocks(memory, [](link::BlockHeader& header) { header.sequence += 5; });
     }},
    {"wrong-sequence-later",
     [](const RawPeer& peer, const PeerMemory& memory) {
         constexpr std::uint64_t good_life_ns = 100'000'000;
         const std::uint64_t spoilt_from_ns = rt::os::monotonic_ns() + good_life_ns;
         peer.answer_blocks(memory, [spoilt_from_ns](link::BlockHeader& header) {
             if (rt::os::monotonic_ns() >= spoilt_from_ns)
                 header.sequence += 5;
         });
     }},
    {"wrong-frame-count",
     [](const RawPeer& peer, const PeerMemory& memory) {
         peer.answer_blocks(memory, [](link::BlockHeader& header) {
             header.frame_count = std::numeric_limits<std::uint32_t>::max();
         });
     }},
    {"rubbish-events",
     [](const RawPeer& peer, const PeerMemory& memory) {
         peer.answer_blocks(memory, [&memory](link::BlockHeader& header) {
             // The events of a slot lie behind its channels.
             auto* const slot = reinterpret_cast<std::byte*>(&header);
             std::memset(slot + memory.layout.output_events_offset(), 0x55,
                         memory.layout.shape().event_bytes);
             header.event_bytes = std::numeric_limits<std::uint32_t>::max();
         });
     }},
    {"absurd-times",
     [](const RawPeer& peer, const PeerMemory& memory) {
         peer.answer_blocks(memory, [](link::BlockHeader& header) {
             header.posted_ns = std::numeric_limits<std::uint64_t>::max();
             header.dsp_started_ns = 1;
             header.dsp_ended_ns = std::numeric_limits<std::uint64_t>::max();
         });
     }},
    {"hang-up-while-streaming",
     [](const RawPeer& peer, const PeerMemory& memory) {
         std::uint64_t answered = 0;
         peer.answer_blocks(memory, [&answered](link::BlockHeader&) {
             if (++answered == 20)
                 std::_Exit(EXIT_SUCCESS);
         });
     }},
    {"message-while-streaming",
     [](const RawPeer& peer, const PeerMemory& memory) {
         std::uint64_t answered = 0;
         peer.answer_blocks(memory, [&](link::BlockHeader&) {
             if (++answered == 20)
                 peer.send(wire::MappedT{});
         });
     }},
};

}  // namespace

bool scribble(const RawPeer& peer, std::string_view name)
{
    for (const Scribbler& scribbler : scribblers) {
        if (scribbler.name == name) {
            const PeerMemory memory = peer.stream();
            scribbler.run(peer, memory);
        }
    }
    return false;
}

}  // namespace outboard::test
