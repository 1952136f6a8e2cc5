// SPDX-License-Identifier: MIT

#include "bench/tool/sine_stream.hpp"

#include "bench/click_meter.hpp"
#include "bench/machine.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace outboard::bench {

namespace {

constexpr std::uint64_t history_frames = std::uint64_t{1} << 20U;  // 21.8 s
constexpr double amplitude = 0.501;
constexpr auto second_frames = static_cast<std::uint64_t>(sample_rate_hz);

[[nodiscard]] std::uint64_t period_ns(std::uint32_t frame_count) noexcept
{
    return std::uint64_t{frame_count} * 1'000'000'000 / second_frames;
}

}  // namespace

SineStream::SineStream(const Caller& caller, const Insert& insert, const SineStreamConfig& config)
    : caller_(caller),
      insert_(insert),
      config_(config),
      sine_(sine(second_frames + config.frame_count, amplitude, 0.0)),
      left_(config.frame_count),
      right_(config.frame_count),
      history_(history_frames),
      audio_([this] { run(); })
{}

SineStream::~SineStream()
{
    is_over_.store(true, std::memory_order_relaxed);
    audio_.join();
}

void SineStream::run()
{
    take_cpu(config_.cpu, config_.priority);
    Pacer pacer{period_ns(config_.frame_count)};
    for (std::uint64_t frame = 0; !is_over_.load(std::memory_order_relaxed);
         frame += config_.frame_count) {
        pacer.wait();
        stream_block(frame);
        // release, pairs with the acquire in frames_out().
        frames_out_.store(frame + config_.frame_count, std::memory_order_release);
    }
}

void SineStream::stream_block(std::uint64_t first_frame) noexcept
{
    const float* const input = sine_.data() + first_frame % second_frames;
    const std::array<const float*, 2> inputs{input, input};
    const std::array<float*, 2> outputs{left_.data(), right_.data()};
    caller_.cycle_begin(period_ns(config_.frame_count) * 3 / 4);
    // What was concealed is in the statistics.
    static_cast<void>(insert_.process(inputs.data(), outputs.data(), config_.frame_count));
    for (std::uint32_t frame = 0; frame < config_.frame_count; ++frame)
        history_[(first_frame + frame) % history_frames] = left_[frame];
}

void SineStream::wait_for(std::uint64_t frame) const
{
    while (frames_out() < frame)
        rt::os::sleep_until_ns(rt::os::monotonic_ns() + 1'000'000);
}

std::vector<float> SineStream::output(std::uint64_t first, std::uint64_t last) const
{
    // The audio thread writes on, elsewhere: a second is left between it and what is read here.
    if (frames_out() - first + second_frames > history_frames)
        throw std::runtime_error{"a strike took longer than the 20 s of sound that are kept"};
    std::vector<float> samples(last - first);
    for (std::uint64_t frame = first; frame < last; ++frame)
        samples[frame - first] = history_[frame % history_frames];
    return samples;
}

}  // namespace outboard::bench
