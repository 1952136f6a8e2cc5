// SPDX-License-Identifier: MIT
#include "audio/file_source.hpp"

#include "tests/audio/sound_file_fixture.hpp"
#include "tests/support/no_alloc_scope.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

namespace {

using namespace outboard::audio;
using namespace outboard::audio::test;

FileSource load(const std::filesystem::path& path, const FileSourceSettings& settings = {})
{
    auto source = FileSource::load(path, settings);
    REQUIRE_MESSAGE(source, (source ? "" : source.error().message));
    return std::move(*source);
}

}  // namespace

TEST_SUITE("audio/file_source")
{
    TEST_CASE("without wishes the stream is the file, bit by bit")
    {
        const TemporaryFolder folder;
        const PlanarBuffer samples = make_sines(3, 10'000, 44'100);
        write_file(folder.file("a.wav"), samples, 44'100);

        const FileSource source = load(folder.file("a.wav"));

        CHECK(source.sample_rate_hz() == 44'100);
        CHECK(source.channel_count() == 3);
        REQUIRE(source.frame_count() == 10'000);
        for (std::size_t channel = 0; channel < 3; ++channel) {
            CHECK(std::equal(samples.channel(channel).begin(), samples.channel(channel).end(),
                             source.channel(channel).begin()));
        }
    }

    TEST_CASE("another rate keeps the sound in its place, to the frame")
    {
        const TemporaryFolder folder;
        PlanarBuffer samples{1, 44'100 + 17};
        samples.channel(0)[std::size_t{147} * 50] = 1.0F;
        write_file(folder.file("a.wav"), samples, 44'100);

        const FileSource source = load(folder.file("a.wav"), {.sample_rate_hz = 48'000});

        CHECK(source.frame_count() == 48'019);  // 44,117 x 48 / 44.1 = 48,018.5
        CHECK(source.file_info().sample_rate_hz == 44'100);
        CHECK(source.file_info().frame_count == 44'117);
        const auto channel = source.channel(0);
        CHECK(std::max_element(channel.begin(), channel.end()) - channel.begin() == 160 * 50);
    }

    TEST_CASE("another rate and channel count at once")
    {
        const TemporaryFolder folder;
        write_file(folder.file("a.flac"), make_sines(1, 96'000, 96'000), 96'000);
        const FileSource source =
            load(folder.file("a.flac"), {.sample_rate_hz = 48'000, .channel_count = 8});

        CHECK(source.channel_count() == 8);
        REQUIRE(source.frame_count() == 48'000);
        const PlanarBuffer expected = make_sines(1, 48'000, 48'000);
        for (std::size_t frame = 1'000; frame < 47'000; frame += 997)
            CHECK(std::abs(source.channel(7)[frame] - expected.channel(0)[frame]) < 1.0e-5F);
    }

    TEST_CASE("channels that cannot be guessed are refused, or fitted on request")
    {
        const TemporaryFolder folder;
        write_file(folder.file("six.wav"), make_sines(6, 100, 48'000), 48'000);
        const auto refused = FileSource::load(folder.file("six.wav"), {.channel_count = 2});
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == ErrorCode::unsupported);
        CHECK(refused.error().message.find("six.wav") != std::string::npos);
        CHECK(
            load(folder.file("six.wav"), {.channel_count = 2, .channel_policy = ChannelPolicy::fit})
                .channel_count() == 2);
    }

    TEST_CASE("a file above the limit is refused before memory is taken")
    {
        const TemporaryFolder folder;
        write_file(folder.file("long.wav"), make_sines(1, 48'000, 8'000), 8'000);
        const auto source =
            FileSource::load(folder.file("long.wav"), {.memory_bytes_max = 191'999});
        REQUIRE_FALSE(source);
        CHECK(source.error().code == ErrorCode::too_large);
        CHECK(FileSource::load(folder.file("long.wav"), {.memory_bytes_max = 192'000}));
    }

    TEST_CASE("a file too short for the stream's rate is empty")
    {
        const TemporaryFolder folder;
        write_file(folder.file("one.wav"), make_sines(1, 1, 48'000), 48'000);
        CHECK(FileSource::load(folder.file("one.wav"), {.sample_rate_hz = 8'000}).error().code ==
              ErrorCode::empty);
        CHECK(FileSource::load(folder.file("none.wav"), {}).error().code == ErrorCode::not_found);
    }

    TEST_CASE("blocks follow each other, and silence follows the end")
    {
        const TemporaryFolder folder;
        const PlanarBuffer samples = make_sines(2, 100, 48'000);
        write_file(folder.file("a.wav"), samples, 48'000);
        FileSource source = load(folder.file("a.wav"));
        PlanarBuffer block{2, 64};

        CHECK(source.read(block.writable(), 64) == 64);
        CHECK(block.channel(1)[63] == samples.channel(1)[63]);
        CHECK_FALSE(source.finished());
        CHECK(source.read(block.writable(), 64) == 36);
        CHECK(block.channel(1)[35] == samples.channel(1)[99]);
        CHECK(block.channel(1)[36] == 0.0F);
        CHECK(source.finished());
        CHECK(source.read(block.writable(), 64) == 0);
        CHECK(block.channel(0)[0] == 0.0F);

        source.rewind();
        CHECK(source.read(block.writable(), 64) == 64);
        CHECK(block.channel(0)[0] == samples.channel(0)[0]);
    }

    TEST_CASE("reading does not allocate [rt]")
    {
        const TemporaryFolder folder;
        write_file(folder.file("a.wav"), make_sines(2, 100, 48'000), 48'000);
        FileSource source = load(folder.file("a.wav"));
        PlanarBuffer block{2, 64};

        const outboard::test::NoAllocScope scope;
        std::size_t frames = 0;
        for (int round = 0; round < 4; ++round)
            frames += source.read(block.writable(), 64);
        const std::uint64_t violations = scope.violations();

        CHECK(frames == 100);
        CHECK(violations == 0);
    }
}
