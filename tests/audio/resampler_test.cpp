// SPDX-License-Identifier: MIT
#include "audio/resampler.hpp"

#include "audio/planar_buffer.hpp"
#include "tests/audio/sound_file_fixture.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

namespace {

using outboard::audio::ErrorCode;
using outboard::audio::PlanarBuffer;
using outboard::audio::Resampler;
using outboard::audio::test::make_sines;

struct Rates {
    std::uint32_t input_hz;
    std::uint32_t output_hz;
};

constexpr std::array rate_pairs{Rates{44'100, 48'000}, Rates{48'000, 44'100}, Rates{96'000, 48'000},
                                Rates{8'000, 48'000},  Rates{48'000, 8'000},  Rates{44'100, 44'100},
                                Rates{48'000, 47'999}};

/// Resamples in blocks of `block_frames` on both sides.
std::vector<std::vector<float>> resample(const PlanarBuffer& input, Rates rates,
                                         std::size_t block_frames)
{
    const auto channel_count = static_cast<std::uint32_t>(input.readable().size());
    auto resampler = Resampler::create({.input_rate_hz = rates.input_hz,
                                        .output_rate_hz = rates.output_hz,
                                        .channel_count = channel_count});
    REQUIRE(resampler);
    std::vector<std::vector<float>> output(channel_count);
    PlanarBuffer block{channel_count, block_frames};
    const auto collect = [&](std::size_t count) {
        for (std::size_t channel = 0; channel < channel_count; ++channel) {
            const auto samples = block.channel(channel).first(count);
            output[channel].insert(output[channel].end(), samples.begin(), samples.end());
        }
    };

    std::vector<const float*> position{input.readable().begin(), input.readable().end()};
    for (std::size_t done = 0; done < input.frame_count();) {
        const auto progress =
            resampler->process(position, std::min(block_frames, input.frame_count() - done),
                               block.writable(), block_frames);
        REQUIRE(progress);
        REQUIRE(progress->consumed_frames + progress->produced_frames > 0);
        collect(progress->produced_frames);
        done += progress->consumed_frames;
        for (const float*& channel : position)
            channel += progress->consumed_frames;
    }
    for (auto rest = resampler->finish(block.writable(), block_frames); rest && *rest > 0;
         rest = resampler->finish(block.writable(), block_frames))
        collect(*rest);
    return output;
}

/// Signal to error, in decibel, without the edges where the filter sees the silence around.
double snr_db(std::span<const float> actual, std::span<const float> expected)
{
    double signal = 0.0;
    double error = 0.0;
    for (std::size_t frame = actual.size() / 8; frame < actual.size() * 7 / 8; ++frame) {
        const auto wanted = static_cast<double>(expected[frame]);
        const double difference = static_cast<double>(actual[frame]) - wanted;
        signal += wanted * wanted;
        error += difference * difference;
    }
    return 10.0 * std::log10(signal / std::max(error, 1.0e-30));
}

}  // namespace

TEST_SUITE("audio/resampler")
{
    TEST_CASE("a rate of 0 and 0 channels are refused")
    {
        CHECK(Resampler::create({0, 48'000, 1}).error().code == ErrorCode::invalid_argument);
        CHECK(Resampler::create({48'000, 0, 1}).error().code == ErrorCode::invalid_argument);
        CHECK(Resampler::create({48'000, 48'000, 0}).error().code == ErrorCode::invalid_argument);
    }

    TEST_CASE("the number of output frames is rounded to the nearest, a half upwards")
    {
        CHECK(Resampler::output_frame_count(0, 44'100, 48'000) == 0);
        CHECK(Resampler::output_frame_count(147, 44'100, 48'000) == 160);
        CHECK(Resampler::output_frame_count(1, 96'000, 48'000) == 1);  // 0.5
        CHECK(Resampler::output_frame_count(1, 48'000, 44'100) == 1);  // 0.92
        CHECK(Resampler::output_frame_count(1, 48'000, 8'000) == 0);   // 0.17
        CHECK(Resampler::output_frame_count(std::uint64_t{1} << 45U, 48'000, 96'000) ==
              std::uint64_t{1} << 46U);
    }

    TEST_CASE("any length of input gives exactly that number of frames, down to one")
    {
        for (const Rates rates : rate_pairs) {
            for (const std::size_t frame_count : {1U, 2U, 7U, 100U, 4'096U, 10'007U}) {
                CAPTURE(rates.input_hz);
                CAPTURE(rates.output_hz);
                CAPTURE(frame_count);
                const auto output =
                    resample(make_sines(1, frame_count, rates.input_hz), rates, 512);
                CHECK(output[0].size() ==
                      Resampler::output_frame_count(frame_count, rates.input_hz, rates.output_hz));
            }
        }
    }

    TEST_CASE("a sine is the same sine at the other rate: no delay, and errors below -120 dB")
    {
        for (const Rates rates : rate_pairs) {
            CAPTURE(rates.input_hz);
            CAPTURE(rates.output_hz);
            const auto output =
                resample(make_sines(2, rates.input_hz, rates.input_hz), rates, 1'000);
            const PlanarBuffer expected = make_sines(2, output[0].size(), rates.output_hz);
            CHECK(snr_db(output[0], expected.channel(0)) > 120.0);
            CHECK(snr_db(output[1], expected.channel(1)) > 120.0);
        }
    }

    TEST_CASE("a click stays in its place, to the frame")
    {
        PlanarBuffer input{1, 44'100};
        input.channel(0)[std::size_t{147} * 100] =
            1.0F;  // 147 frames at 44.1 kHz are 160 at 48 kHz
        const auto output = resample(input, {44'100, 48'000}, 64);
        const auto peak = std::max_element(output[0].begin(), output[0].end());
        CHECK(peak - output[0].begin() == 160 * 100);
    }

    TEST_CASE("the size of the blocks does not change a bit")
    {
        const PlanarBuffer input = make_sines(1, 20'000, 44'100);
        const auto reference = resample(input, {44'100, 48'000}, 20'000);
        for (const std::size_t block_frames : {1U, 37U, 441U, 4'096U})
            CHECK(resample(input, {44'100, 48'000}, block_frames) == reference);
    }

    TEST_CASE("equal rates keep every bit")
    {
        const PlanarBuffer input = make_sines(1, 1'000, 48'000);
        const auto output = resample(input, {48'000, 48'000}, 64);
        REQUIRE(output[0].size() == input.frame_count());
        CHECK(std::equal(output[0].begin(), output[0].end(), input.channel(0).begin()));
    }
}
