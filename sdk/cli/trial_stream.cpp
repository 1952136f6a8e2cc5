// SPDX-License-Identifier: MIT
#include "sdk/cli/trial_stream.hpp"

#include <algorithm>
#include <chrono>

namespace outboard::cli {

TrialStream::TrialStream(const RunOptions& options, const StreamFormat& format,
                         const audio::PlanarBuffer& input, std::uint64_t frames_max)
    : input_(input),
      block_frames_(options.block_frames),
      period_ns_(options.block_frames * 1'000'000'000ULL / format.rate_hz),
      is_paced_(options.pace == OB_PACE_REALTIME),
      plan_(plan_audio_thread(options)),
      probe_(probe(plan_)),
      chain_(options, format, probe_),
      output_(format.channel_count, frames_max / block_frames_ * block_frames_),
      block_(format.channel_count, block_frames_),
      blocks_max_(frames_max / block_frames_)
{}

TrialStream::~TrialStream()
{
    stop();
}

void TrialStream::start()
{
    thread_ = std::thread{[this] {
        static_cast<void>(apply(plan_));
        stream();
    }};
}

void TrialStream::stop()
{
    is_to_stop_.store(true, std::memory_order_relaxed);
    if (thread_.joinable())
        thread_.join();
}

void TrialStream::run(std::uint64_t frame_count)
{
    for (std::uint64_t block = 0; block < frame_count / block_frames_; ++block)
        push(block);
}

void TrialStream::stream() noexcept
{
    using Clock = std::chrono::steady_clock;
    auto due = Clock::now();
    for (std::uint64_t block = 0; block < blocks_max_; ++block) {
        if (is_to_stop_.load(std::memory_order_relaxed))
            break;
        if (is_paced_) {
            // What a stall has cost is not caught up with.
            due = std::max(due + std::chrono::nanoseconds{period_ns_}, Clock::now());
            std::this_thread::sleep_until(due);
        }
        push(block);
    }
    is_over_.store(true, std::memory_order_release);
}

/// One block of the input, which goes round, into its place of the output.
void TrialStream::push(std::uint64_t block) noexcept
{
    const std::size_t length = input_.frame_count();
    const std::size_t channel_count = input_.readable().size();
    const std::uint64_t first = block * block_frames_;
    for (std::size_t channel = 0; channel < channel_count; ++channel) {
        for (std::uint32_t frame = 0; frame < block_frames_; ++frame)
            block_.channel(channel)[frame] = input_.channel(channel)[(first + frame) % length];
    }
    // release, pairs with the acquire of the readers: who strikes now strikes this block or later.
    begun_blocks_.store(block + 1, std::memory_order_release);
    static_cast<void>(
        chain_.process(block_.readable().data(), block_.writable().data(), block_frames_));
    for (std::size_t channel = 0; channel < channel_count; ++channel) {
        std::copy_n(block_.channel(channel).begin(), block_frames_,
                    output_.channel(channel).begin() + static_cast<std::ptrdiff_t>(first));
    }
    ended_blocks_.store(block + 1, std::memory_order_release);
}

}  // namespace outboard::cli
