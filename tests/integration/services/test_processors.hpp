// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Processors of the test service: each shows one property in its output, so that the host's side
/// can check it frame by frame.

#include <outboard/processor.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <thread>
#include <utility>
#include <vector>

namespace outboard::test {

/// What all of them share: the channels of the format. Output i belongs to input i.
class ChannelProcessor : public Processor {
public:
    static constexpr std::uint32_t flags = OB_PROCESSOR_DETERMINISTIC | OB_PROCESSOR_FINITE_MEMORY;

    void prepare(const PrepareInfo& info) override { info_ = info; }

protected:
    [[nodiscard]] std::uint32_t channel_count() const noexcept
    {
        return info_.output_channel_count;
    }
    [[nodiscard]] const PrepareInfo& info() const noexcept { return info_; }
    void copy_through(const ProcessBlock& block, float gain = 1.0f) const noexcept;

private:
    PrepareInfo info_{};
};

class Identity : public ChannelProcessor {
public:
    static constexpr const char* name = "identity";
    static constexpr const char* description = "Gives out what comes in";
    void process(const ProcessBlock& block) noexcept override { copy_through(block); }
};

/// Its output differs from the dry input in every frame.
class Invert : public ChannelProcessor {
public:
    static constexpr const char* name = "invert";
    static constexpr const char* description = "Gives out the input with its sign changed";
    void process(const ProcessBlock& block) noexcept override { copy_through(block, -1.0f); }
};

/// Gives out NaN if it ever gets a block of another length.
template <std::uint32_t FrameCount>
class Fixed : public ChannelProcessor {
public:
    static constexpr std::uint32_t fixed_frame_count = FrameCount;
    static constexpr const char* name = FrameCount == 64 ? "fixed64" : "fixed37";
    static constexpr const char* description = "Takes blocks of one length only";
    void process(const ProcessBlock& block) noexcept override
    {
        copy_through(block, block.frame_count == FrameCount ? 1.0f : __builtin_nanf(""));
    }
};

/// Reports 100 frames of latency and really has them.
class LateLatency : public ChannelProcessor {
public:
    static constexpr const char* name = "late_latency";
    static constexpr const char* description = "Delays by the 100 frames that it reports";
    static constexpr std::uint32_t delay_frames = 100;

    void prepare(const PrepareInfo& info) override;
    void process(const ProcessBlock& block) noexcept override { delay(block, 1.0f); }
    void reset() noexcept override;
    [[nodiscard]] std::uint32_t latency_frames() const noexcept override { return delay_frames; }
    [[nodiscard]] std::uint64_t tail_frames() const noexcept override { return delay_frames; }

protected:
    void delay(const ProcessBlock& block, float gain) noexcept;

private:
    std::vector<std::array<float, delay_frames>> lines_;
    std::size_t place_ = 0;
};

/// The same with its sign changed, so that dry and wet differ.
class LateLatencyInverted : public LateLatency {
public:
    static constexpr const char* name = "late_latency_inverted";
    void process(const ProcessBlock& block) noexcept override { delay(block, -1.0f); }
};

/// Sends every event back at its own frame.
class EventEcho : public ChannelProcessor {
public:
    static constexpr const char* name = "event_echo";
    static constexpr const char* description = "Sends its events back";
    static const std::array<ob_parameter_info, 1> parameters;
    void process(const ProcessBlock& block) noexcept override;
};

class EventEcho37 : public EventEcho {
public:
    static constexpr std::uint32_t fixed_frame_count = 37;
    static constexpr const char* name = "event_echo37";
};

/// Its output is the value of its parameter, from the very frame of the change on.
class Level : public ChannelProcessor {
public:
    static constexpr const char* name = "level";
    static constexpr const char* description = "Gives out the value of its parameter";
    static const std::array<ob_parameter_info, 1> parameters;

    void process(const ProcessBlock& block) noexcept override;
    [[nodiscard]] std::size_t save_state(std::span<std::byte> out) const override;
    [[nodiscard]] bool load_state(std::span<const std::byte> data) override;

private:
    void fill(const ProcessBlock& block, std::uint32_t first, std::uint32_t end) const noexcept;

    std::atomic<double> level_{0.25};  ///< read by save_state() meanwhile
};

/// Gives out how many frames have passed since it was reset.
class FrameCounter : public ChannelProcessor {
public:
    static constexpr const char* name = "frame_counter";
    static constexpr const char* description = "Counts frames since the last reset";
    void process(const ProcessBlock& block) noexcept override;
    void reset() noexcept override { frames_ = 0; }

private:
    std::uint64_t frames_ = 0;
};

/// From its first block on, its thread may make futex calls only. Channel 0 gives out how many
/// others were tried since, channel 1 how many blocks there were.
class FutexOnly : public ChannelProcessor {
public:
    static constexpr const char* name = "seccomp";
    static constexpr const char* description = "Traps all system calls but futex";
    void process(const ProcessBlock& block) noexcept override;
    void reset() noexcept override { is_warmed_up_ = true; }

private:
    bool is_warmed_up_ = false;  ///< the library warms up on another thread, and resets then
    std::uint64_t block_count_ = 0;
};

/// A counter of frames that a newcomer can be given: what its output is follows from it.
class CountedProcessor : public ChannelProcessor {
public:
    void reset() noexcept override { frames_ = 0; }
    [[nodiscard]] std::size_t checkpoint_bytes() const noexcept override { return sizeof(frames_); }
    void save_checkpoint(std::span<std::byte> out) const noexcept override;
    [[nodiscard]] bool restore_checkpoint(std::span<const std::byte> data) noexcept override;

protected:
    [[nodiscard]] std::uint64_t advance(std::uint32_t frame_count) noexcept
    {
        return std::exchange(frames_, frames_ + frame_count);
    }

private:
    std::uint64_t frames_ = 0;
};

/// Says that it is deterministic. From a frame on each process gives out something of its own.
class Drift : public CountedProcessor {
public:
    static constexpr std::uint64_t onset_frame = 24'000;
    static constexpr std::uint32_t flags = OB_PROCESSOR_DETERMINISTIC;
    static constexpr const char* name = "drift";
    static constexpr const char* description = "Is the same in each process for half a second only";
    void process(const ProcessBlock& block) noexcept override;
};

/// Passes audio on. By a parameter, that is: by an event that all replicas get in the same block,
/// it dies, hangs or gives nothing but NaN until it is reset.
class Delicate : public CountedProcessor {
public:
    enum How : std::uint8_t { is_well, dies, hangs, gives_nan };
    static constexpr std::uint32_t how_parameter = 1;
    static constexpr std::uint32_t nan_frames_parameter = 2;

    static constexpr std::uint32_t flags = OB_PROCESSOR_DETERMINISTIC;
    static constexpr const char* name = "delicate";
    static constexpr const char* description = "Dies, hangs or gives NaN by an event";
    static const std::array<ob_parameter_info, 2> parameters;
    void reset() noexcept override;
    void process(const ProcessBlock& block) noexcept override;
    [[nodiscard]] std::size_t checkpoint_bytes() const noexcept override;
    void save_checkpoint(std::span<std::byte> out) const noexcept override;
    [[nodiscard]] bool restore_checkpoint(std::span<const std::byte> data) noexcept override;

private:
    void obey(const ob_event_parameter& change) noexcept;

    std::uint32_t nan_frames_wanted_ = 0;
    std::uint32_t nan_frames_left_ = 0;
};

/// Says nothing of itself, and is the same in each process.
class Undeclared : public CountedProcessor {
public:
    static constexpr std::uint32_t flags = 0;
    static constexpr const char* name = "undeclared";
    static constexpr const char* description = "Counts frames, and promises nothing";
    void process(const ProcessBlock& block) noexcept override;
};

/// Where it was given a checkpoint it takes 5 ms for a block: for its first ones, or for all.
template <bool ForEver>
class Laggard : public CountedProcessor {
public:
    static constexpr std::uint64_t slow_block_count = ForEver ? ~std::uint64_t{0} : 40;
    static constexpr std::uint32_t flags = OB_PROCESSOR_DETERMINISTIC;
    static constexpr const char* name = ForEver ? "laggard" : "late_starter";
    static constexpr const char* description = "Is slow where it joins a stream";

    void process(const ProcessBlock& block) noexcept override
    {
        static_cast<void>(advance(block.frame_count));
        copy_through(block, -1.0f);
        if (slow_blocks_left_ == 0)
            return;
        --slow_blocks_left_;
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    [[nodiscard]] bool restore_checkpoint(std::span<const std::byte> data) noexcept override
    {
        slow_blocks_left_ = slow_block_count;
        return CountedProcessor::restore_checkpoint(data);
    }

private:
    std::uint64_t slow_blocks_left_ = 0;
};

/// Its past is for ever, and it cannot hand it on.
class FreeRunning : public CountedProcessor {
public:
    static constexpr std::uint32_t flags = OB_PROCESSOR_DETERMINISTIC;
    static constexpr const char* name = "free_running";
    static constexpr const char* description = "Counts frames, and has no checkpoints";
    void process(const ProcessBlock& block) noexcept override;
    [[nodiscard]] std::size_t checkpoint_bytes() const noexcept override { return 0; }
};

/// Like a plugin with a licence for one.
class Once : public ChannelProcessor {
public:
    static constexpr std::uint32_t flags = OB_PROCESSOR_SINGLE_INSTANCE;
    static constexpr const char* name = "once";
    static constexpr const char* description = "Runs once only";
    void process(const ProcessBlock& block) noexcept override { copy_through(block); }
};

/// Keeps its CPU busy for 300 us a block.
class Busy : public ChannelProcessor {
public:
    static constexpr std::uint64_t busy_ns = 300'000;
    static constexpr const char* name = "busy";
    static constexpr const char* description = "Takes 300 us for each block";
    void process(const ProcessBlock& block) noexcept override;
};

/// Takes 300 ms to be prepared.
class SlowLoad : public ChannelProcessor {
public:
    static constexpr const char* name = "slow_load";
    static constexpr const char* description = "Takes long to be prepared";
    void prepare(const PrepareInfo& info) override;
    void process(const ProcessBlock& block) noexcept override { copy_through(block); }
};

/// Does what its parameter says when that is set.
class Doomed : public ChannelProcessor {
public:
    static constexpr const char* name = "doomed";
    static constexpr const char* description = "Dies on command, in various ways";
    static const std::array<ob_parameter_info, 1> parameters;
    enum How : int {
        on_nothing,
        on_segv,  ///< at address 24
        on_abort,
        on_leaving,   ///< exit(5)
        on_recovery,  ///< faults, and recovers by a handler of its own
        on_words,     ///< two lines on standard error, the second one with an escape sequence
        on_flood,     ///< 50,000 lines on standard error
    };
    void process(const ProcessBlock& block) noexcept override;
};

/// Has 256 MiB in memory, and dies as Doomed does.
class Large : public Doomed {
public:
    static constexpr const char* name = "large";
    static constexpr const char* description = "Has much memory";
    static constexpr std::size_t size_bytes = std::size_t{256} << 20;
    void prepare(const PrepareInfo& info) override;

private:
    std::vector<std::byte> memory_;
};

}  // namespace outboard::test
