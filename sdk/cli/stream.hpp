// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The audio thread of a run: playlist or device -> chain, and a track of what went in and what
/// came out.

#include "sdk/cli/audio_thread.hpp"
#include "sdk/cli/block_trace.hpp"
#include "sdk/cli/chain.hpp"
#include "sdk/cli/fault_striker.hpp"
#include "sdk/cli/playlist.hpp"
#include "sdk/cli/track.hpp"

#include "audio/device.hpp"
#include "audio/planar_buffer.hpp"

#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

namespace outboard::cli {

/// Why the stream has ended.
enum class StreamEnd : std::uint8_t { complete, interrupted, disk, gave_up, failed };

/// A device was gone, and came back at that frame of the stream.
struct DeviceGap {
    std::uint64_t stream_frame = 0;
    std::uint64_t lost_frames = 0;  ///< of device time
};

class Stream final : public audio::DeviceCallback {
public:
    struct Settings {
        std::uint32_t block_frames = 64;
        std::uint64_t end_frame = 0;  ///< how much is streamed
        bool is_live = false;         ///< the input is the device's, not the playlist's
        bool may_wait = false;        ///< at free pace: for faults to strike, and for the disk
        AudioThreadPlan thread;
    };

    /// All of them must outlive the stream.
    struct Parts {
        Playlist& playlist;
        const Chain& chain;
        FaultStriker& striker;
        Track& dry;
        Track& wet;
    };

    Stream(const Parts& parts, const Settings& settings);

    /// Takes the rights of the audio thread. @thread audio, before its first block @rt no
    void begin() noexcept { grant_ = apply(settings_.thread); }

    [[nodiscard]] audio::Flow process(std::span<const float* const> inputs,
                                      std::span<float* const> outputs, std::uint32_t frame_count,
                                      const audio::BlockTime& time) noexcept override;

    void device_event(const audio::DeviceEvent& event) noexcept override;

    /// Ends the stream with the block under way. @thread any @rt wait-free
    void interrupt() noexcept { interrupted_.store(true, std::memory_order_relaxed); }

    /// Frames that have been streamed. @thread any @rt wait-free
    [[nodiscard]] std::uint64_t position() const noexcept
    {
        return position_.load(std::memory_order_relaxed);
    }

    // What follows is for when the device has stopped.
    [[nodiscard]] StreamEnd end() const noexcept { return end_; }
    [[nodiscard]] ob_status status() const noexcept { return status_; }
    [[nodiscard]] std::uint64_t block_count() const noexcept { return block_count_; }
    [[nodiscard]] std::uint64_t start_ns() const noexcept { return start_ns_; }
    [[nodiscard]] const ob_realtime_grant& grant() const noexcept { return grant_; }
    [[nodiscard]] const std::vector<DeviceGap>& gaps() const noexcept { return gaps_; }
    [[nodiscard]] const BlockTrace& trace() const noexcept { return trace_; }

private:
    [[nodiscard]] ob_status process_chain(std::span<const float* const> inputs,
                                          std::span<float* const> wet,
                                          std::uint32_t frame_count) noexcept;
    [[nodiscard]] audio::Flow finish(StreamEnd end, std::span<float* const> outputs,
                                     std::uint32_t frame_count) noexcept;

    const Parts parts_;
    const Settings settings_;
    audio::PlanarBuffer input_;
    audio::PlanarBuffer unheard_;       ///< the output, where the device has none
    std::vector<DeviceGap> gaps_;       ///< as many as there is room for
    std::vector<const float*> output_;  ///< the device's buffers, for reading
    std::atomic<std::uint64_t> position_{0};
    std::atomic<bool> interrupted_{false};

    BlockTrace trace_;
    std::uint64_t block_count_ = 0;
    std::uint64_t start_ns_ = 0;
    StreamEnd end_ = StreamEnd::complete;
    ob_status status_ = OB_OK;
    ob_realtime_grant grant_{};
};

}  // namespace outboard::cli
