// SPDX-License-Identifier: MIT
//
// The functions below on_crash() and on_exit() run in the middle of whatever the dying thread did:
// no allocation, no lock, nothing but stores, system calls and the unwinder.

#include "sdk/src/service/last_words.hpp"

#include "rt/os/death.hpp"
#include "rt/os/scheduling.hpp"
#include "rt/path/bell.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

namespace outboard::service {
namespace {

/// Those of further links are seen by the end of the process alone.
constexpr std::size_t link_count_max = 64;
std::array<std::atomic<LastWords*>, link_count_max> links{};

template <typename Action>
void at_each_link(Action&& action) noexcept
{
    for (const auto& place : links) {
        // acquire, pairs with the release in LastWords(): it is whole.
        if (LastWords* const words = place.load(std::memory_order_acquire); words != nullptr)
            action(*words);
    }
}

/// The end of the text, which of a path is the part that tells.
void copy_end(const char* text, std::span<char> out) noexcept
{
    const std::size_t length = std::strlen(text);
    const std::size_t skipped = length < out.size() ? 0 : length - (out.size() - 1);
    std::copy_n(text + skipped, length - skipped + 1, out.data());
}

void describe(link::CrashArea& area, LastWords& words) noexcept
{
    area.thread_id = rt::os::current_thread_id();
    rt::os::copy_thread_name(area.thread_name);
    area.block = words.block();
    // relaxed: the name lies in memory that is never changed.
    copy_end(words.processor().load(std::memory_order_relaxed), area.processor);
}

void write_backtrace(link::CrashArea& area, const rt::os::Crash& crash) noexcept
{
    std::array<rt::os::BacktraceFrame, std::tuple_size_v<decltype(area.frames)>> frames{};
    const std::size_t count = rt::os::backtrace_of(crash, frames);
    for (std::size_t index = 0; index < count; ++index) {
        area.frames[index].address = frames[index].address;
        area.frames[index].offset = frames[index].offset;
        copy_end(frames[index].module, area.frames[index].module);
    }
    area.frame_count = static_cast<std::uint32_t>(count);
}

void publish(link::CrashArea& area) noexcept
{
    // release, pairs with the acquire in host::read_crash(): the report is complete.
    area.is_written.store(1, std::memory_order_release);
}

void on_crash(const rt::os::Crash& crash) noexcept
{
    // First of all, so that the callers go on meanwhile.
    at_each_link([&](LastWords& words) { words.say(link::dying_of_signal(crash.signal)); });
    at_each_link([&](LastWords& words) {
        link::CrashArea& area = words.crash();
        area.signal = crash.signal;
        area.code = crash.code;
        area.fault_address = crash.fault_address;
        area.instruction = crash.instruction;
        describe(area, words);
        publish(area);
    });
    // Last, because on a damaged stack this may be as far as it goes.
    at_each_link([&](LastWords& words) {
        write_backtrace(words.crash(), crash);
        publish(words.crash());
    });
}

void on_exit(int exit_code) noexcept
{
    at_each_link([exit_code](LastWords& words) {
        words.say(link::dying_by_exit(exit_code));
        link::CrashArea& area = words.crash();
        area.code = exit_code;
        describe(area, words);
        publish(area);
    });
}

}  // namespace

rt::Result<void> prepare_last_words() noexcept
{
    return rt::os::watch_own_death({.on_crash = on_crash, .on_exit = on_exit});
}

LastWords::LastWords(link::ServiceSegment& segment, link::BellsSegment& bells) noexcept
    : segment_(segment),
      bells_(bells)
{
    for (auto& place : links) {
        LastWords* nobody = nullptr;
        // release, pairs with the acquire in at_each_link().
        if (place.compare_exchange_strong(nobody, this, std::memory_order_release,
                                          std::memory_order_relaxed))
            return;
    }
}

LastWords::~LastWords()
{
    for (auto& place : links) {
        LastWords* self = this;
        // relaxed: nothing is published by going.
        if (place.compare_exchange_strong(self, nullptr, std::memory_order_relaxed))
            return;
    }
}

void LastWords::say(std::uint32_t life) noexcept
{
    // release, pairs with the acquire in host::Replica::has_ended(): answers that were published
    // before are seen by whoever sees this.
    segment_.life.store(life, std::memory_order_release);
    // All of them, whether there is such a caller or not: only one that sleeps is woken.
    for (rt::Bell& reply : bells_.replies)
        static_cast<void>(rt::ring(reply));
}

std::uint64_t LastWords::block() const noexcept
{
    return segment_.in_progress.load(std::memory_order_relaxed);
}

}  // namespace outboard::service
