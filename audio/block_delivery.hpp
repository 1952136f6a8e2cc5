// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What back ends that call us do alike with a block: hand it to the owner of the device, in slices
/// where the card's block is larger than the owner was promised, and count what went wrong.
///
///     card:    |------------ 256 frames ------------|
///     owner:   | 64 | 64 | 64 | 64 |                   frames_per_block = 64

#include "audio/device.hpp"
#include "audio/device_counters.hpp"

#include <atomic>
#include <cstdint>
#include <vector>

namespace outboard::audio {

/// What the back end says about one of its blocks.
struct CardBlock {
    std::uint32_t frame_count = 0;
    std::uint64_t capture_ns = 0;   ///< as in BlockTime
    std::uint64_t playback_ns = 0;  ///< as in BlockTime
    bool input_lost = false;
    bool output_lost = false;
};

class BlockDelivery {
public:
    /// Starts anew: statistics at zero. @pre the back end does not call
    /// @thread control
    /// @rt     no: allocates
    void prepare(const DeviceSettings& settings, DeviceCallback& callback);

    /// Passes one block of the card on. After `finish` the outputs are silence.
    /// @param inputs, outputs  one pointer per channel of the settings
    /// @thread audio
    /// @rt     wait-free but for the owner; the first call runs on_thread_start
    [[nodiscard]] Flow deliver(const float* const* inputs, float* const* outputs,
                               const CardBlock& block) noexcept;

    /// The card is gone. Tells the owner, once. @pre deliver() is called no more
    /// @thread any one
    void report_lost() noexcept;

    /// @thread any
    [[nodiscard]] bool has_finished() const noexcept
    {
        // acquire, pairs with the release in deliver(): what the owner did is done.
        return finished_.load(std::memory_order_acquire);
    }
    [[nodiscard]] bool is_lost() const noexcept { return lost_.load(std::memory_order_relaxed); }
    [[nodiscard]] DeviceStatistics statistics() const noexcept { return counters_.read(); }

private:
    [[nodiscard]] BlockTime time_of(const CardBlock& block, std::uint32_t offset) const noexcept;
    [[nodiscard]] std::uint64_t lost_frames_before(const CardBlock& block) const noexcept;
    void report_xrun(const CardBlock& block) noexcept;
    void silence(float* const* outputs, std::uint32_t first, std::uint32_t end) const noexcept;

    DeviceSettings settings_;
    DeviceCallback* callback_ = nullptr;
    DeviceCounters counters_;
    std::atomic<bool> finished_{false};
    std::atomic<bool> lost_{false};

    // Audio thread only.
    bool started_ = false;
    std::uint64_t stream_frame_ = 0;
    std::uint64_t expected_ns_ = 0;  ///< playback (or capture) of the next block; 0: unknown
    std::vector<const float*> inputs_;
    std::vector<float*> outputs_;
};

}  // namespace outboard::audio
