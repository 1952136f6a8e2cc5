// SPDX-License-Identifier: MIT

#include "plugins/builtin/fault.hpp"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <string>
#include <string_view>

namespace outboard::builtin {
namespace {

constexpr auto last_kind = static_cast<double>(static_cast<std::uint32_t>(FaultKind::count) - 1);

/// Reads a hexadecimal number off the front of `text`, and one character behind it.
std::uintptr_t take_address(std::string_view& text) noexcept
{
    std::uintptr_t address = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), address, 16);
    text.remove_prefix(std::min(static_cast<std::size_t>(end - text.data()) + 1, text.size()));
    return address;
}

/// All mappings that are shared and writable: "7f0c6a2f7000-7f0c6a2f9000 rw-s ...".
std::vector<std::span<std::byte>> writable_shared_memory()
{
    std::vector<std::span<std::byte>> found;
    std::ifstream maps{"/proc/self/maps"};
    for (std::string line; std::getline(maps, line);) {
        std::string_view rest = line;
        const std::uintptr_t begin = take_address(rest);
        const std::uintptr_t end = take_address(rest);
        if (!rest.starts_with("rw") || rest.substr(3, 1) != "s")
            continue;
        // NOLINTNEXTLINE(performance-no-int-to-ptr): any memory at all is what this is about
        found.emplace_back(reinterpret_cast<std::byte*>(begin), end - begin);
    }
    return found;
}

[[noreturn]] void loop_for_ever() noexcept
{
    // An atomic, since a loop without effects may be removed.
    std::atomic<std::uint64_t> rounds{0};
    for (;;)
        rounds.fetch_add(1, std::memory_order_relaxed);
}

void be_busy(double time_ms) noexcept
{
    using Clock = std::chrono::steady_clock;
    const auto end = Clock::now() + std::chrono::duration<double, std::milli>{time_ms};
    while (Clock::now() < end) {
    }
}

}  // namespace

constexpr std::array<ob_parameter_info, Fault::parameter_count> Fault::parameters{{
    {kind, OB_PARAMETER_STEPPED, "kind", "Kind of fault", "", 0.0, last_kind, 0.0},
    {argument, OB_PARAMETER_STEPPED, "argument", "Argument (by kind)", "", 0.0, 1e6, 1.0},
    {trigger, OB_PARAMETER_STEPPED, "trigger", "Strikes when set to 1", "", 0.0, 1.0, 0.0},
}};
static_assert(ids_are_indices(Fault::parameters));

void Fault::allocate(const PrepareInfo& /*info*/, StateRegions& state)
{
    shared_memory_ = writable_shared_memory();
    state.add(pattern_);
    state.add(active_);
    state.add(frames_left_);
}

void Fault::clear() noexcept
{
    pattern_ = 0x9e3779b97f4a7c15U;
    active_ = FaultKind::none;
    frames_left_ = 0;
}

void Fault::follow_parameters(Change change) noexcept
{
    const bool is_triggered = parameter(trigger) != 0.0;
    // A trigger strikes once, and only from an event: never because a state was loaded.
    BuiltinProcessor::parameters().set(trigger, 0.0);
    if (is_triggered && change == Change::glide)
        strike();
}

void Fault::strike() noexcept
{
    const double value = parameter(argument);
    active_ = static_cast<FaultKind>(static_cast<std::uint32_t>(parameter(kind)));
    frames_left_ = 0;
    switch (active_) {
        case FaultKind::none:
        case FaultKind::count: break;
        case FaultKind::segv: static_cast<void>(std::raise(SIGSEGV)); break;
        case FaultKind::abort: std::abort();
        case FaultKind::exit: std::_Exit(static_cast<int>(value));
        case FaultKind::spin: loop_for_ever();
        case FaultKind::late: be_busy(value); break;
        case FaultKind::nan:
        case FaultKind::infinity:
        case FaultKind::scribble: frames_left_ = static_cast<std::uint32_t>(value); break;
    }
}

void Fault::render(const Segment& segment) noexcept
{
    for (std::uint32_t channel = 0; channel < format().input_channel_count; ++channel)
        std::copy_n(segment.input(channel), segment.frame_count, segment.output(channel));
    const std::uint32_t bad_frames = std::min(frames_left_, segment.frame_count);
    if (bad_frames != 0)
        misbehave(segment.part(0, bad_frames));
    frames_left_ -= bad_frames;
}

void Fault::misbehave(const Segment& segment) noexcept
{
    if (active_ == FaultKind::scribble) {
        scribble();
        return;
    }
    using Limits = std::numeric_limits<float>;
    const float bad = active_ == FaultKind::nan ? Limits::quiet_NaN() : Limits::infinity();
    for (std::uint32_t channel = 0; channel < format().input_channel_count; ++channel)
        std::fill_n(segment.output(channel), segment.frame_count, bad);
}

void Fault::scribble() noexcept
{
    for (const auto& memory : shared_memory_) {
        for (std::byte& byte : memory) {
            // xorshift64: different rubbish at every place and every time.
            pattern_ ^= pattern_ << 13U;
            pattern_ ^= pattern_ >> 7U;
            pattern_ ^= pattern_ << 17U;
            byte = static_cast<std::byte>(pattern_ >> 56U);
        }
    }
}

}  // namespace outboard::builtin
