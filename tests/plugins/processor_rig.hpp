// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Runs a processor by its C table, the way a service does: a stream cut into blocks, with events
/// at frames of the stream.

#include <outboard/processor.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace outboard::test {

/// Planar audio: [channel][frame].
using Audio = std::vector<std::vector<float>>;

struct RigFormat {
    double sample_rate_hz = 48'000.0;
    std::uint32_t input_channel_count = 2;
    std::uint32_t output_channel_count = 2;
    std::uint32_t max_frame_count = 1024;
};

class ProcessorRig {
public:
    /// Creates and prepares; throws std::runtime_error when that is refused.
    explicit ProcessorRig(const ob_processor_class& kind, const RigFormat& format = {});
    ~ProcessorRig();
    ProcessorRig(const ProcessorRig&) = delete;
    ProcessorRig(ProcessorRig&&) = delete;
    ProcessorRig& operator=(const ProcessorRig&) = delete;
    ProcessorRig& operator=(ProcessorRig&&) = delete;

    /// Prepares once more, for a parameter that only then takes effect.
    void prepare();

    /// Sets a parameter, named by its key, at a frame of the stream. In the order of frames.
    void set_at(std::uint64_t frame, std::string_view key, double value);
    /// At the next frame.
    void set(std::string_view key, double value) { set_at(next_frame_, key, value); }
    void reset_at(std::uint64_t frame);

    /// Processes all of `input` in blocks of `block_frames`, the last one shorter.
    Audio run(const Audio& input, std::uint32_t block_frames = 64);

    /// Where the stream stands. Set it to continue another rig's stream.
    [[nodiscard]] std::uint64_t next_frame() const noexcept { return next_frame_; }
    void continue_from(std::uint64_t frame) noexcept { next_frame_ = frame; }

    [[nodiscard]] std::vector<std::byte> checkpoint() const;
    [[nodiscard]] ob_status restore(std::span<const std::byte> checkpoint);
    [[nodiscard]] std::vector<std::byte> state() const;
    [[nodiscard]] ob_status load_state(std::string_view text);

    [[nodiscard]] void* instance() const noexcept { return instance_; }
    [[nodiscard]] const ob_processor_class& kind() const noexcept { return kind_; }

private:
    struct Timed {
        std::uint64_t frame;
        ob_event_parameter event;
    };

    void process_block(const Audio& input, Audio& output, std::size_t first, std::uint32_t count);
    std::vector<ob_event_parameter> take_events(std::uint32_t frame_count);

    const ob_processor_class& kind_;
    RigFormat format_;
    void* instance_;
    std::vector<Timed> events_;
    std::uint64_t next_frame_ = 0;
};

/// The built-in processors that only compute, without `fault`.
[[nodiscard]] std::span<const ob_processor_class* const> computing_processors();
/// One of them; throws std::runtime_error when there is none of that name.
[[nodiscard]] const ob_processor_class& processor_named(std::string_view name);
[[nodiscard]] ob_parameter_info parameter_info(const ob_processor_class& kind, std::uint32_t index);

/// White noise within +-0.5, the same in every process and however it is cut.
[[nodiscard]] Audio noise(std::size_t channel_count, std::size_t frame_count,
                          std::uint64_t first_frame = 0);
[[nodiscard]] Audio silence(std::size_t channel_count, std::size_t frame_count);
/// A one at frame 0 of every channel, then zeros.
[[nodiscard]] Audio impulse(std::size_t channel_count, std::size_t frame_count);

/// Moves all parameters about, one every few hundred frames, between two frames of the stream.
/// The same in every process.
void automate(ProcessorRig& rig, std::uint64_t first_frame, std::uint64_t end_frame);

}  // namespace outboard::test
