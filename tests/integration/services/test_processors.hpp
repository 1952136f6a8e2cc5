// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Processors of the test service: each shows one property in its output, so that the host's side
/// can check it frame by frame.

#include <outboard/processor.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
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
