// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A stream on a SCHED_FIFO audio thread that is pinned to a CPU: 64 frames at 48 kHz, with half a
/// period as deadline. This machine stalls by itself, so segments with kills alternate with
/// segments without, and what is counted in both is compared.

#include "tests/integration/support/streaming_rig.hpp"
#include "tests/support/binomial.hpp"

#include <outboard/host.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

namespace outboard::test {

inline constexpr int audio_priority = 70;
inline constexpr std::uint32_t real_time_block_frames = 64;

/// The last CPU that this process may run on.
[[nodiscard]] int last_allowed_cpu();

void sleep_until_ns(std::uint64_t time_ns);

/// The audio thread with all that it owns; streams from start() to stop().
class RealTimeStream {
public:
    /// @param config_of  configuration of the insert, made from the rig's
    RealTimeStream(int cpu, const std::function<InsertConfig(const StreamingRig&)>& config_of,
                   std::uint64_t seconds_max);
    ~RealTimeStream() { stop(); }
    RealTimeStream(const RealTimeStream&) = delete;
    RealTimeStream(RealTimeStream&&) = delete;
    RealTimeStream& operator=(const RealTimeStream&) = delete;
    RealTimeStream& operator=(RealTimeStream&&) = delete;

    void start();
    void stop();
    [[nodiscard]] bool has_rights() const noexcept { return has_rights_; }
    [[nodiscard]] StreamingRig& rig() noexcept { return rig_; }

private:
    int cpu_;
    StreamingRig rig_;
    std::atomic<bool> is_to_stop_{false};
    std::atomic<bool> has_rights_{false};
    std::thread thread_;
};

struct Segment {
    std::uint64_t from_ns;
    std::uint64_t to_ns;
    bool has_kills;
};

struct SegmentPlan {
    int pair_count;  ///< of a segment without kills and one with
    int kills_per_segment;
    std::uint64_t segment_ns;
};

/// Kills the primary now, waiting for one to be there.
/// @param standby_count  and for so many standbys to be in step
/// @return whether there was
[[nodiscard]] bool kill_primary(const Insert& insert, std::uint32_t standby_count);

/// Segments by turns without and with kills, at random points of the latter.
/// @param kill  called for each; its result must be true
[[nodiscard]] std::vector<Segment> run_segments(const SegmentPlan& plan,
                                                const std::function<bool()>& kill);

/// Whether a time lies in a segment of one kind.
[[nodiscard]] bool is_in(const std::vector<Segment>& segments, bool has_kills,
                         std::uint64_t time_ns);

/// Blocks in the segments of one kind, and among them those that are counted.
[[nodiscard]] EventCount count_blocks(const std::vector<BlockRecord>& blocks,
                                      const std::vector<Segment>& segments, bool has_kills,
                                      const std::function<bool(const BlockRecord&)>& is_counted);

}  // namespace outboard::test
