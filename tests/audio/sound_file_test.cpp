// SPDX-License-Identifier: MIT
#include "audio/sound_file.hpp"

#include "tests/audio/sound_file_fixture.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>

namespace {

using namespace outboard::audio;
using namespace outboard::audio::test;

struct FormatCase {
    const char* name;
    SampleFormat samples;
    float error_max;  ///< 0: bit by bit
};

constexpr std::array format_cases{
    FormatCase{"a.wav", SampleFormat::automatic, 0.0F},
    FormatCase{"a.wav", SampleFormat::float32, 0.0F},
    FormatCase{"a.wav", SampleFormat::pcm16, 1.0F / 32'768},
    FormatCase{"a.wav", SampleFormat::pcm24, 1.0F / 8'388'608},
    FormatCase{"a.wav", SampleFormat::pcm32, 1.0F / 8'388'608},
    FormatCase{"a.w64", SampleFormat::automatic, 0.0F},
    FormatCase{"a.aif", SampleFormat::automatic, 1.0F / 8'388'608},
    FormatCase{"a.aiff", SampleFormat::pcm16, 1.0F / 32'768},
    FormatCase{"a.aiff", SampleFormat::float32, 0.0F},
    FormatCase{"a.flac", SampleFormat::automatic, 1.0F / 8'388'608},
    FormatCase{"a.flac", SampleFormat::pcm16, 1.0F / 32'768},
    FormatCase{"A.FLAC", SampleFormat::pcm24, 1.0F / 8'388'608},
    FormatCase{"a.ogg", SampleFormat::automatic, 0.1F},
    FormatCase{"a.oga", SampleFormat::automatic, 0.1F},
};

float largest_difference(const PlanarBuffer& a, const PlanarBuffer& b)
{
    float largest = 0.0F;
    for (std::size_t channel = 0; channel < a.readable().size(); ++channel) {
        for (std::size_t frame = 0; frame < a.frame_count(); ++frame) {
            largest =
                std::max(largest, std::abs(a.channel(channel)[frame] - b.channel(channel)[frame]));
        }
    }
    return largest;
}

std::string bytes_of(const std::filesystem::path& path)
{
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

}  // namespace

TEST_SUITE("audio/sound_file")
{
    TEST_CASE("every format gives back what was written, within its resolution")
    {
        const TemporaryFolder folder;
        const PlanarBuffer samples = make_sines(2, 10'000, 48'000);
        for (const FormatCase& format : format_cases) {
            CAPTURE(format.name);
            CAPTURE(static_cast<int>(format.samples));
            write_file(folder.file(format.name), samples, 48'000, format.samples);
            const PlanarBuffer back = read_file(folder.file(format.name));
            REQUIRE(back.readable().size() == 2);
            REQUIRE(back.frame_count() == samples.frame_count());
            CHECK(largest_difference(samples, back) <= format.error_max);
        }
    }

    TEST_CASE("rates and channel counts are kept")
    {
        const TemporaryFolder folder;
        for (const std::string name : {"a.wav", "a.aiff", "a.flac", "a.w64"}) {
            for (const std::uint32_t rate_hz : {1'000U, 8'000U, 44'100U, 192'000U, 384'000U}) {
                for (const std::uint32_t channel_count : {1U, 2U, 3U, 8U}) {
                    CAPTURE(name);
                    CAPTURE(rate_hz);
                    CAPTURE(channel_count);
                    write_file(folder.file(name), make_sines(channel_count, 100, rate_hz), rate_hz);
                    const auto reader = SoundFileReader::open(folder.file(name));
                    REQUIRE(reader);
                    CHECK(reader->info().sample_rate_hz == rate_hz);
                    CHECK(reader->info().channel_count == channel_count);
                    CHECK(reader->info().frame_count == 100);
                }
            }
        }
    }

    TEST_CASE("a float file of any channel count comes back bit by bit")
    {
        const TemporaryFolder folder;
        for (const std::uint32_t channel_count : {1U, 2U, 5U, 64U, 1'024U}) {
            CAPTURE(channel_count);
            const PlanarBuffer samples =
                make_sines(channel_count, 5'000 / channel_count + 1, 44'100);
            write_file(folder.file("a.wav"), samples, 44'100);
            CHECK(same_bits(samples, read_file(folder.file("a.wav"))));
        }
    }

    TEST_CASE("a float file keeps what is not finite, denormal, above full scale, or minus zero")
    {
        const TemporaryFolder folder;
        PlanarBuffer samples{1, 8};
        using Limits = std::numeric_limits<float>;
        const std::array values{Limits::quiet_NaN(),
                                std::bit_cast<float>(std::uint32_t{0xFFC0'1234U}),
                                Limits::infinity(),
                                -Limits::infinity(),
                                Limits::denorm_min(),
                                Limits::max(),
                                -0.0F,
                                1.5F};
        std::copy(values.begin(), values.end(), samples.channel(0).begin());
        write_file(folder.file("a.wav"), samples, 48'000);
        CHECK(same_bits(samples, read_file(folder.file("a.wav"))));
    }

    TEST_CASE("an integer file clips, and has silence for what is not finite")
    {
        const TemporaryFolder folder;
        PlanarBuffer samples{1, 4};
        const std::array values{2.0F, -2.0F, std::numeric_limits<float>::quiet_NaN(),
                                -std::numeric_limits<float>::infinity()};
        std::copy(values.begin(), values.end(), samples.channel(0).begin());

        for (const std::string name : {"a.wav", "a.flac", "a.aiff"}) {
            CAPTURE(name);
            auto writer =
                SoundFileWriter::create(folder.file(name), {.sample_rate_hz = 48'000,
                                                            .channel_count = 1,
                                                            .sample_format = SampleFormat::pcm16});
            REQUIRE(writer);
            REQUIRE(writer->write(samples.readable(), 4));
            CHECK(writer->silenced_sample_count() == 2);
            REQUIRE(writer->close());

            const PlanarBuffer back = read_file(folder.file(name));
            CHECK(back.channel(0)[0] > 0.999F);
            CHECK(back.channel(0)[1] == -1.0F);
            CHECK(back.channel(0)[2] == 0.0F);
            CHECK(back.channel(0)[3] == 0.0F);
        }
    }

    TEST_CASE("blocks of any size make the same file as the whole at once")
    {
        const TemporaryFolder folder;
        const PlanarBuffer samples = make_sines(2, 10'000, 48'000);
        write_file(folder.file("whole.wav"), samples, 48'000);

        auto writer = SoundFileWriter::create(folder.file("blocks.wav"),
                                              {.sample_rate_hz = 48'000, .channel_count = 2});
        REQUIRE(writer);
        for (std::size_t done = 0; done < samples.frame_count();) {
            const std::size_t count = std::min<std::size_t>(37, samples.frame_count() - done);
            const std::array channels{samples.readable()[0] + done, samples.readable()[1] + done};
            REQUIRE(writer->write(channels, count));
            done += count;
        }
        CHECK(writer->frame_count() == samples.frame_count());
        REQUIRE(writer->close());
        CHECK(writer->close());  // a second time changes nothing

        CHECK(bytes_of(folder.file("whole.wav")) == bytes_of(folder.file("blocks.wav")));
    }

    TEST_CASE("reading in blocks ends with what is left, then with nothing")
    {
        const TemporaryFolder folder;
        write_file(folder.file("a.flac"), make_sines(1, 100, 48'000), 48'000);
        auto reader = SoundFileReader::open(folder.file("a.flac"));
        REQUIRE(reader);
        PlanarBuffer block{1, 64};
        CHECK(reader->read(block.writable(), 64) == 64U);
        CHECK(reader->read(block.writable(), 64) == 36U);
        CHECK(reader->read(block.writable(), 64) == 0U);
    }

    TEST_CASE("a file that was there is replaced as a whole")
    {
        const TemporaryFolder folder;
        write_file(folder.file("a.wav"), make_sines(2, 9'000, 48'000), 48'000);
        write_file(folder.file("a.wav"), make_sines(1, 10, 8'000), 8'000);
        CHECK(read_file(folder.file("a.wav")).frame_count() == 10);
    }
}
