// SPDX-License-Identifier: MIT

#include "tests/integration/services/test_processors.hpp"

#include "tests/support/futex_only_filter.hpp"

#include <setjmp.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

namespace outboard::test {

namespace {

[[nodiscard]] constexpr ob_parameter_info level_info() noexcept
{
    return {.id = 7,
            .flags = 0,
            .key = "level",
            .name = "Level",
            .unit = "",
            .minimum = -1000.0,
            .maximum = 1000.0,
            .initial = 0.25};
}

void fill_channel(float* out, std::uint32_t first, std::uint32_t end, double value) noexcept
{
    std::fill(out + first, out + end, static_cast<float>(value));
}

}  // namespace

const std::array<ob_parameter_info, 1> EventEcho::parameters{level_info()};
const std::array<ob_parameter_info, 1> Level::parameters{level_info()};
const std::array<ob_parameter_info, 1> Doomed::parameters{
    {{1, OB_PARAMETER_STEPPED, "how", "How it dies", "", 0.0, 10.0, 0.0}}};

const std::array<ob_parameter_info, 2> Delicate::parameters{
    {{nan_frames_parameter, OB_PARAMETER_STEPPED, "nan_frames", "For how long", "", 0.0, 1e6, 0.0},
     {how_parameter, OB_PARAMETER_STEPPED, "how", "What it does", "", 0.0, 3.0, 0.0}}};

void ChannelProcessor::copy_through(const ProcessBlock& block, float gain) const noexcept
{
    for (std::uint32_t channel = 0; channel < channel_count(); ++channel) {
        const std::uint32_t source = std::min(channel, info_.input_channel_count - 1);
        std::transform(block.inputs[source], block.inputs[source] + block.frame_count,
                       block.outputs[channel], [gain](float sample) { return sample * gain; });
    }
}

void LateLatency::prepare(const PrepareInfo& info)
{
    ChannelProcessor::prepare(info);
    lines_.resize(info.output_channel_count);
    reset();
}

void LateLatency::reset() noexcept
{
    place_ = 0;
    for (auto& line : lines_)
        line.fill(0.0f);
}

void LateLatency::delay(const ProcessBlock& block, float gain) noexcept
{
    for (std::uint32_t channel = 0; channel < channel_count(); ++channel) {
        auto& line = lines_[channel];
        for (std::uint32_t frame = 0; frame < block.frame_count; ++frame) {
            float& oldest = line[(place_ + frame) % delay_frames];
            block.outputs[channel][frame] = gain * oldest;
            oldest = block.inputs[channel][frame];
        }
    }
    place_ = (place_ + block.frame_count) % delay_frames;
}

void EventEcho::process(const ProcessBlock& block) noexcept
{
    copy_through(block);
    for_each_event(block, [&block](const EventHeader& event) {
        // Without room the library counts it; the host's test sees that it is missing.
        static_cast<void>(block.events_out.push(block.events_out.context, &event));
    });
}

void Level::process(const ProcessBlock& block) noexcept
{
    std::uint32_t done = 0;
    for_each_event(block, [&](const EventHeader& event) {
        if (event.type != OB_EVENT_PARAMETER)
            return;
        fill(block, done, event.offset_frames);
        done = event.offset_frames;
        ob_event_parameter change;
        std::memcpy(&change, &event, sizeof(change));
        level_.store(change.value, std::memory_order_relaxed);
    });
    fill(block, done, block.frame_count);
}

void Level::fill(const ProcessBlock& block, std::uint32_t first, std::uint32_t end) const noexcept
{
    for (std::uint32_t channel = 0; channel < channel_count(); ++channel)
        fill_channel(block.outputs[channel], first, end, level_.load(std::memory_order_relaxed));
}

std::size_t Level::save_state(std::span<std::byte> out) const
{
    const double level = level_.load(std::memory_order_relaxed);
    if (out.size() >= sizeof(level))
        std::memcpy(out.data(), &level, sizeof(level));
    return sizeof(level);
}

bool Level::load_state(std::span<const std::byte> data)
{
    double level = 0.0;
    if (data.size() != sizeof(level))
        return false;
    std::memcpy(&level, data.data(), sizeof(level));
    level_.store(level, std::memory_order_relaxed);
    return true;
}

void FrameCounter::process(const ProcessBlock& block) noexcept
{
    for (std::uint32_t frame = 0; frame < block.frame_count; ++frame, ++frames_) {
        for (std::uint32_t channel = 0; channel < channel_count(); ++channel)
            block.outputs[channel][frame] = static_cast<float>(frames_);
    }
}

void FutexOnly::process(const ProcessBlock& block) noexcept
{
    if (is_warmed_up_ && block_count_++ == 0)
        allow_only_futex_on_this_thread();
    fill_channel(block.outputs[0], 0, block.frame_count,
                 static_cast<double>(trapped_system_calls()));
    fill_channel(block.outputs[1], 0, block.frame_count, static_cast<double>(block_count_));
}

void CountedProcessor::save_checkpoint(std::span<std::byte> out) const noexcept
{
    std::memcpy(out.data(), &frames_, sizeof(frames_));
}

bool CountedProcessor::restore_checkpoint(std::span<const std::byte> data) noexcept
{
    std::memcpy(&frames_, data.data(), sizeof(frames_));
    return true;
}

void Drift::process(const ProcessBlock& block) noexcept
{
    const std::uint64_t first = advance(block.frame_count);
    const bool is_same = first < onset_frame;
    copy_through(block, is_same ? 1.0f : 0.5f + static_cast<float>(::getpid() % 1000) / 4000.0f);
}

void Delicate::reset() noexcept
{
    CountedProcessor::reset();
    nan_frames_left_ = 0;
}

void Delicate::obey(const ob_event_parameter& change) noexcept
{
    const auto value = static_cast<std::uint32_t>(change.value);
    if (change.parameter_id == nan_frames_parameter) {
        nan_frames_wanted_ = value;
        return;
    }
    switch (value) {
        case dies: std::abort();
        case hangs:
            for (std::atomic<std::uint32_t> rounds{0};;)
                rounds.fetch_add(1, std::memory_order_relaxed);
        case gives_nan: nan_frames_left_ = nan_frames_wanted_; break;
        default: break;
    }
}

void Delicate::process(const ProcessBlock& block) noexcept
{
    for_each_event(block, [this](const EventHeader& event) {
        if (event.type != OB_EVENT_PARAMETER)
            return;
        ob_event_parameter change;
        std::memcpy(&change, &event, sizeof(change));
        obey(change);
    });
    static_cast<void>(advance(block.frame_count));
    copy_through(block);
    const std::uint32_t bad_frames = std::min(nan_frames_left_, block.frame_count);
    for (std::uint32_t channel = 0; channel < channel_count(); ++channel)
        fill_channel(block.outputs[channel], 0, bad_frames, std::nan(""));
    nan_frames_left_ -= bad_frames;
}

std::size_t Delicate::checkpoint_bytes() const noexcept
{
    return CountedProcessor::checkpoint_bytes() + sizeof(nan_frames_left_);
}

void Delicate::save_checkpoint(std::span<std::byte> out) const noexcept
{
    CountedProcessor::save_checkpoint(out);
    std::memcpy(out.data() + CountedProcessor::checkpoint_bytes(), &nan_frames_left_,
                sizeof(nan_frames_left_));
}

bool Delicate::restore_checkpoint(std::span<const std::byte> data) noexcept
{
    std::memcpy(&nan_frames_left_, data.data() + CountedProcessor::checkpoint_bytes(),
                sizeof(nan_frames_left_));
    return CountedProcessor::restore_checkpoint(data);
}

void Undeclared::process(const ProcessBlock& block) noexcept
{
    const auto first = static_cast<double>(advance(block.frame_count));
    for (std::uint32_t channel = 0; channel < channel_count(); ++channel)
        fill_channel(block.outputs[channel], 0, block.frame_count, first);
}

void FreeRunning::process(const ProcessBlock& block) noexcept
{
    const auto first = static_cast<double>(advance(block.frame_count));
    for (std::uint32_t channel = 0; channel < channel_count(); ++channel)
        fill_channel(block.outputs[channel], 0, block.frame_count, first);
}

void Busy::process(const ProcessBlock& block) noexcept
{
    const auto end = std::chrono::steady_clock::now() + std::chrono::nanoseconds{busy_ns};
    copy_through(block);
    while (std::chrono::steady_clock::now() < end) {
    }
}

void SlowLoad::prepare(const PrepareInfo& info)
{
    std::this_thread::sleep_for(std::chrono::milliseconds{300});
    ChannelProcessor::prepare(info);
}

namespace {

sigjmp_buf recovery;

void recover(int /*number*/)
{
    ::siglongjmp(recovery, 1);
}

void fault() noexcept
{
    std::atomic<std::uintptr_t> address{24};
    reinterpret_cast<std::atomic<int>*>(address.load())->store(1);
}

void do_it(int how) noexcept
{
    switch (how) {
        case Doomed::on_segv: fault(); break;
        case Doomed::on_abort: std::abort();
        case Doomed::on_leaving: std::exit(5);
        case Doomed::on_recovery:
            std::signal(SIGSEGV, recover);
            if (sigsetjmp(recovery, 1) == 0)
                fault();
            break;
        case Doomed::on_words: std::fputs("the first line\nthe \x1b[31msecond\n", stderr); break;
        case Doomed::on_flood:
            for (int line = 0; line < 50'000; ++line)
                std::fprintf(stderr, "line %d\n", line);
            break;
        default: break;
    }
}

}  // namespace

void Doomed::process(const ProcessBlock& block) noexcept
{
    for_each_event(block, [](const EventHeader& event) {
        if (event.type != OB_EVENT_PARAMETER)
            return;
        ob_event_parameter change;
        std::memcpy(&change, &event, sizeof(change));
        do_it(static_cast<int>(change.value));
    });
    copy_through(block);
}

void Large::prepare(const PrepareInfo& info)
{
    memory_.assign(size_bytes, std::byte{1});
    ChannelProcessor::prepare(info);
}

}  // namespace outboard::test
