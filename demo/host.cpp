// SPDX-License-Identifier: MIT
//
// The least a host does: two seconds of a tone, block by block, through a processor in another
// process, in real time.
//
//   demo-host [SERVICE]        default: reverb; or ./demo-service, or @name

#include "audio/null_device.hpp"

#include <outboard/host.hpp>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <span>
#include <vector>

namespace audio = outboard::audio;

namespace {

constexpr std::uint32_t rate_hz = 48'000;
constexpr std::uint32_t block_frames = 64;

/// What runs on the audio thread.
class ToneThroughInsert final : public audio::DeviceCallback {
public:
    explicit ToneThroughInsert(const outboard::Insert& insert) : insert_(insert) {}

    audio::Flow process(std::span<const float* const> /*inputs*/, std::span<float* const> outputs,
                        std::uint32_t frame_count, const audio::BlockTime& time) noexcept override
    {
        for (std::uint32_t frame = 0; frame < frame_count; ++frame) {
            const double turns = 440.0 * static_cast<double>(time.stream_frame + frame) / rate_hz;
            tone_[frame] = 0.25F * static_cast<float>(std::sin(6.283185307 * turns));
        }
        const float* const inputs[] = {tone_.data(), tone_.data()};
        // Never waits past the deadline. Without an answer in time, the outputs are dry.
        const ob_status status = insert_.process(inputs, outputs.data(), frame_count);
        return status >= 0 && time.stream_frame < 2ULL * rate_hz ? audio::Flow::proceed
                                                                 : audio::Flow::finish;
    }

private:
    const outboard::Insert& insert_;
    std::vector<float> tone_ = std::vector<float>(block_frames);
};

}  // namespace

int main(int argc, char** argv)
try {
    const outboard::Host host;
    const outboard::Caller caller{host};
    outboard::InsertConfig config;  // 48 kHz, 64 frames, stereo
    config.service = argc > 1 ? argv[1] : "reverb";
    const outboard::Insert insert{caller, config};

    ToneThroughInsert callback{insert};
    audio::NullDevice device{audio::Pace::realtime};  // a sound card's clock without the card
    if (!device.open({.sample_rate_hz = rate_hz, .frames_per_block = block_frames}) ||
        !device.start(callback) || !device.wait_until_finished(std::chrono::seconds{10}))
        return 1;
    device.stop();

    const auto round_trip = insert.histogram(OB_HISTOGRAM_ROUND_TRIP);
    std::printf("%s: %llu blocks there and back, half of them in %.1f us, 99 of 100 in %.1f us\n",
                config.service, static_cast<unsigned long long>(round_trip.count),
                static_cast<double>(round_trip.p50_ns) / 1000,
                static_cast<double>(round_trip.p99_ns) / 1000);
    return 0;
} catch (const std::exception& error) {
    static_cast<void>(std::fprintf(stderr, "demo-host: %s\n", error.what()));
    return 1;
}
