// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A stream that can be repeated: the same frames, over and over, through a chain of services; what
/// comes out is kept. One audio thread, paced by the clock or not at all.

#include "sdk/cli/audio_thread.hpp"
#include "sdk/cli/chain.hpp"
#include "sdk/cli/playlist.hpp"
#include "sdk/cli/run_options.hpp"

#include "audio/planar_buffer.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>

namespace outboard::cli {

class TrialStream {
public:
    /// Starts the services.
    /// @param input  outlives the stream
    /// @throws outboard::Error, Failure
    TrialStream(const RunOptions& options, const StreamFormat& format,
                const audio::PlanarBuffer& input, std::uint64_t frames_max);
    ~TrialStream();
    TrialStream(const TrialStream&) = delete;
    TrialStream(TrialStream&&) = delete;
    TrialStream& operator=(const TrialStream&) = delete;
    TrialStream& operator=(TrialStream&&) = delete;

    /// Streams on a thread of its own until stop(), or `frames_max`.
    void start();
    void stop();
    /// Streams so many frames on this thread. @pre not started
    void run(std::uint64_t frame_count);

    [[nodiscard]] Chain& chain() noexcept { return chain_; }
    [[nodiscard]] const Chain& chain() const noexcept { return chain_; }

    // ---- any thread, while it streams ----
    [[nodiscard]] std::uint64_t block_count() const noexcept
    {
        return ended_blocks_.load(std::memory_order_acquire);
    }
    /// Blocks that have begun: one more than have ended while the services work.
    [[nodiscard]] std::uint64_t begun_count() const noexcept
    {
        return begun_blocks_.load(std::memory_order_acquire);
    }
    [[nodiscard]] bool is_over() const noexcept { return is_over_.load(std::memory_order_acquire); }
    [[nodiscard]] std::uint64_t period_ns() const noexcept { return period_ns_; }

    // ---- when it has stopped ----
    [[nodiscard]] std::uint64_t frame_count() const noexcept
    {
        return block_count() * block_frames_;
    }
    [[nodiscard]] const audio::PlanarBuffer& output() const noexcept { return output_; }

private:
    void push(std::uint64_t block) noexcept;
    void stream() noexcept;

    const audio::PlanarBuffer& input_;
    std::uint32_t block_frames_;
    std::uint64_t period_ns_;
    bool is_paced_;
    AudioThreadPlan plan_;
    AudioThreadProbe probe_;
    Chain chain_;
    audio::PlanarBuffer output_;
    audio::PlanarBuffer block_;
    std::uint64_t blocks_max_;

    std::atomic<std::uint64_t> begun_blocks_{0};
    std::atomic<std::uint64_t> ended_blocks_{0};
    std::atomic<bool> is_to_stop_{false};
    std::atomic<bool> is_over_{false};
    std::thread thread_;
};

}  // namespace outboard::cli
