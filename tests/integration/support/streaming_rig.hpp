// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A small host: streams the test signal through one or more inserts, block by block, and keeps
/// what comes out. One thread; the calling one is the audio thread.
///
///     StreamingRig rig{{.max_frame_count = 128}};
///     rig.add(rig.config_for("identity"));
///     rig.run(48'000, every_block(128));
///     CHECK(!first_frame_unlike_input(rig.output(), rig.latency_frames()));

#include <outboard/host.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <vector>

namespace outboard::test {

/// Planar audio: [channel][frame].
using Audio = std::vector<std::vector<float>>;

/// Lengths of the blocks that follow.
using BlockSizes = std::function<std::uint32_t()>;

[[nodiscard]] BlockSizes every_block(std::uint32_t frame_count);
/// Random ones within 1 .. `frame_count_max`.
[[nodiscard]] BlockSizes varying_blocks(std::uint32_t frame_count_max, std::uint64_t seed);

struct StreamFormat {
    double sample_rate_hz = 48'000.0;
    std::uint32_t channel_count = 2;
    std::uint32_t max_frame_count = 64;
};

/// How one block went.
struct BlockRecord {
    std::uint64_t first_frame;
    std::uint32_t frame_count;
    ob_status status;           ///< of the insert that fared worst
    std::uint64_t started_ns;   ///< CLOCK_MONOTONIC
    std::uint64_t duration_ns;  ///< through all inserts
};

/// The test service that comes with the tests, and the folder of the built-in ones.
[[nodiscard]] const char* test_service() noexcept;
[[nodiscard]] const char* builtin_service_directory() noexcept;

[[nodiscard]] HostConfig test_host_config() noexcept;

class StreamingRig {
public:
    /// Far more than any stall of the machine: with it, only a fault makes a block late.
    static constexpr std::uint64_t generous_budget_ns = 2'000'000'000;

    explicit StreamingRig(const StreamFormat& format = {},
                          const CallerConfig& caller = CallerConfig{},
                          const HostConfig& host = test_host_config());

    /// A configuration in the rig's format, of a processor of the test service.
    [[nodiscard]] InsertConfig config_for(const char* processor) const noexcept;

    /// Appends an insert to the signal path. Throws outboard::Error.
    Insert& add(const InsertConfig& config);

    /// All inserts together may wait so long in each block; 0: the library's default. At first
    /// it is generous_budget_ns.
    void set_budget_ns(std::uint64_t budget_ns) noexcept { budget_ns_ = budget_ns; }
    /// Whether a block waits until its time has come, as from a sound card. At first not.
    void set_real_time(bool is_real_time) noexcept;
    /// Keeps room for so many frames more, so that run() allocates nothing until then.
    void reserve(std::uint64_t frame_count);

    /// Streams one block. @return the status of the insert that fared worst
    ob_status push(std::uint32_t frame_count);
    /// Streams `frame_count` frames, the last block being cut to them.
    void run(std::uint64_t frame_count, const BlockSizes& sizes);
    /// Streams blocks of the largest size until `is_done`, or until `frame_limit` more frames.
    /// @return whether it was done
    bool run_until(const std::function<bool()>& is_done, std::uint64_t frame_limit);

    [[nodiscard]] Insert& insert(std::size_t index = 0) { return *inserts_.at(index); }
    [[nodiscard]] const Host& host() const noexcept { return host_; }
    [[nodiscard]] const Caller& caller() const noexcept { return caller_; }
    /// Of the whole path.
    [[nodiscard]] std::uint64_t latency_frames() const noexcept;
    [[nodiscard]] std::uint64_t frame_count() const noexcept { return next_frame_; }
    [[nodiscard]] const Audio& output() const noexcept { return output_; }
    [[nodiscard]] const std::vector<BlockRecord>& blocks() const noexcept { return blocks_; }
    [[nodiscard]] const StreamFormat& format() const noexcept { return format_; }

private:
    void make_input(std::uint32_t frame_count);
    [[nodiscard]] ob_status pass_through_inserts(std::uint32_t frame_count) noexcept;
    void wait_until_due() noexcept;

    StreamFormat format_;
    Host host_;
    Caller caller_;
    std::vector<std::unique_ptr<Insert>> inserts_;
    std::uint64_t budget_ns_ = generous_budget_ns;
    bool is_real_time_ = false;
    std::uint64_t due_ns_ = 0;

    std::uint64_t next_frame_ = 0;
    Audio block_;
    std::vector<float*> channels_;
    Audio output_;
    std::vector<BlockRecord> blocks_;
};

/// Moves the first parameter of the first insert in six steps, 64 frames before each of as many
/// kills of its primary.
void run_with_parameter_steps(StreamingRig& rig, bool with_kills);

/// @return the first frame that is not the input, delayed; none when all are, bit for bit
[[nodiscard]] std::optional<std::uint64_t> first_frame_unlike_input(const Audio& output,
                                                                    std::uint64_t latency_frames);

/// All incidents that are there, oldest first.
[[nodiscard]] std::vector<ob_incident> take_incidents(const Insert& insert);

[[nodiscard]] std::uint64_t monotonic_ns() noexcept;

}  // namespace outboard::test
