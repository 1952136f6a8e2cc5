// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A sound card, or what takes its place: the owner of the audio clock and of the audio thread.
///
///     open()          start()            stop(), or process() returns `finish`
///     closed ----> open ----> running ----> open ----> close() ----> closed
///
/// One interface for all back ends, so it asks for no more than the least of them can do:
///
///     here                PortAudio                        RtAudio
///     planar float32      paFloat32 | paNonInterleaved     RTAUDIO_FLOAT32, _NONINTERLEAVED
///     settings() differ   Pa_GetStreamInfo()->sampleRate   openStream() alters bufferFrames
///     Flow                paContinue, paComplete           0, 1
///     BlockTime           its ADC and DAC times            stream time and latency
///     input/output_lost   paInputOverflow, ...             RTAUDIO_INPUT_OVERFLOW, ...
///     latency()           input and output, in seconds     getStreamLatency(), the sum
///     on_thread_start     in the first callback            in the first callback
///
/// Which card is used is given to the back end's constructor: see device_catalog.hpp. What the two
/// foreign back ends do alike with a block is in block_delivery.hpp, and a device that comes back
/// after its loss in reopening_device.hpp.

#include "audio/result.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

namespace outboard::audio {

struct DeviceSettings {
    std::uint32_t sample_rate_hz = 48'000;
    std::uint32_t frames_per_block = 64;  ///< the most that one process() is given
    std::uint32_t input_channel_count = 2;
    std::uint32_t output_channel_count = 2;

    /// Called once per start() on the audio thread before its first block; may be empty. It is
    /// where the owner asks for real-time rights. May block and allocate; must not throw.
    std::function<void()> on_thread_start = {};
};

/// When a block was heard and will be heard. Times are those of std::chrono::steady_clock, in
/// nanoseconds since its epoch.
struct BlockTime {
    std::uint64_t stream_frame = 0;  ///< frames given to process() before; a lost block adds none
    std::uint64_t capture_ns = 0;    ///< the block's first input frame was at the converter
    std::uint64_t playback_ns = 0;   ///< the block's first output frame will be at the converter
    bool input_lost = false;         ///< between the block before and this one, input was lost
    bool output_lost = false;        ///< ... the card had nothing to play
};

enum class Flow : std::uint8_t {
    proceed,
    finish,  ///< play this block, then call no more
};

enum class DeviceEventKind : std::uint8_t {
    xrun,  ///< the block before was late, or the machine did not let the device run
    lost,  ///< unplugged or taken away: no block follows, and close() is all that is left
    back,  ///< a ReopeningDevice has its device again; `lost_frames` tells how long the gap was
};

struct DeviceEvent {
    DeviceEventKind kind = DeviceEventKind::xrun;
    std::uint64_t time_ns = 0;       ///< when it was noticed
    std::uint64_t stream_frame = 0;  ///< frames given to process() before it
    std::uint64_t lost_frames = 0;   ///< device time for which there was nothing to play; xrun only
};

/// What the owner of a device implements.
class DeviceCallback {
public:
    virtual ~DeviceCallback() = default;
    DeviceCallback(const DeviceCallback&) = delete;
    DeviceCallback(DeviceCallback&&) = delete;
    DeviceCallback& operator=(const DeviceCallback&) = delete;
    DeviceCallback& operator=(DeviceCallback&&) = delete;

    /// Takes one block and gives one. Sample f of channel c is `inputs[c][f]`; every output channel
    /// has to be written in full, it holds whatever was in memory. The buffers belong to the device
    /// and are valid during the call.
    /// @thread audio
    /// @rt     must not block, allocate or make system calls, unless the device is paced `free`
    /// @param frame_count  1 .. frames_per_block; back ends may deliver short blocks
    [[nodiscard]] virtual Flow process(std::span<const float* const> inputs,
                                       std::span<float* const> outputs, std::uint32_t frame_count,
                                       const BlockTime& time) noexcept = 0;

    /// Hears of xruns and of the loss of the device. Xruns are in statistics() too.
    /// @thread audio for xrun; any for lost and back, but never beside process()
    /// @rt     as process()
    virtual void device_event(const DeviceEvent& /*event*/) noexcept {}

protected:
    DeviceCallback() = default;
};

/// Counted since start().
struct DeviceStatistics {
    std::uint64_t blocks = 0;
    std::uint64_t frames = 0;
    std::uint64_t xruns = 0;        ///< interruptions, however long each was
    std::uint64_t lost_frames = 0;  ///< device time for which there was nothing to play
    std::uint64_t overruns = 0;     ///< calls of process() that took more than the block's period
    std::uint64_t longest_process_ns = 0;
};

/// From the converter to process(), and from process() to the converter.
struct DeviceLatency {
    std::uint32_t input_frames = 0;
    std::uint32_t output_frames = 0;
};

class Device {
public:
    virtual ~Device() = default;
    Device(const Device&) = delete;
    Device(Device&&) = delete;
    Device& operator=(const Device&) = delete;
    Device& operator=(Device&&) = delete;

    /// The back end's name, e.g. "null".
    /// @thread any
    [[nodiscard]] virtual std::string_view backend_name() const noexcept = 0;

    /// Claims the device and all memory that the stream needs. What was granted is in settings();
    /// rate and frames_per_block can differ from what was asked for.
    /// @thread control
    /// @rt     no: allocates, talks to the driver
    [[nodiscard]] virtual Result<void> open(const DeviceSettings& wanted) = 0;

    /// What open() granted. Undefined while closed.
    /// @thread any while open
    [[nodiscard]] virtual const DeviceSettings& settings() const noexcept = 0;

    /// Starts the audio thread. `callback` has to live until stop() has returned.
    /// @thread control
    /// @rt     no: creates a thread
    [[nodiscard]] virtual Result<void> start(DeviceCallback& callback) = 0;

    /// Ends the stream; when it returns no call of process() is under way and none follows. Needed
    /// after `finish` and after the loss of the device too. Does nothing when not started.
    /// @thread control; never from within process()
    /// @rt     no: waits for the audio thread
    virtual void stop() noexcept = 0;

    /// Stops if needed and gives everything back.
    /// @thread control
    /// @rt     no
    virtual void close() noexcept = 0;

    /// Waits until the callback has returned `finish` or the device is lost.
    /// @thread control
    /// @rt     no: blocks
    /// @return false when `limit` has passed and the stream still runs
    [[nodiscard]] virtual bool wait_until_finished(std::chrono::milliseconds limit) = 0;

    /// Whether the stream has ended because the device is gone: stop() and close() are all that is
    /// left then.
    /// @thread control
    [[nodiscard]] virtual bool is_lost() const noexcept { return false; }

    /// Each figure is current; they need not belong to the same block.
    /// @thread any
    /// @rt     wait-free
    [[nodiscard]] virtual DeviceStatistics statistics() const noexcept = 0;

    /// As reported by the back end, for the settings granted.
    /// @thread any while open
    [[nodiscard]] virtual DeviceLatency latency() const noexcept = 0;

protected:
    Device() = default;
};

}  // namespace outboard::audio
