// SPDX-License-Identifier: MIT
#include "audio/file_sink.hpp"

#include "tests/audio/sound_file_fixture.hpp"
#include "tests/support/no_alloc_scope.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

namespace {

using namespace outboard::audio;
using namespace outboard::audio::test;

constexpr SoundFileSettings mono{.sample_rate_hz = 48'000, .channel_count = 1};

std::unique_ptr<FileSink> create(const std::filesystem::path& path, std::size_t fifo_frames = 0)
{
    auto sink = FileSink::create(path, mono, fifo_frames);
    REQUIRE_MESSAGE(sink, (sink ? "" : sink.error().message));
    return std::move(*sink);
}

/// A block whose samples are numbers above 0, from `first` on: silence can be told from it.
void fill_counting(PlanarBuffer& block, std::uint64_t first)
{
    for (std::size_t frame = 0; frame < block.frame_count(); ++frame)
        block.channel(0)[frame] = static_cast<float>(first + frame + 1);
}

}  // namespace

TEST_SUITE("audio/file_sink")
{
    TEST_CASE("a file that cannot be made is refused at once")
    {
        const TemporaryFolder folder;
        CHECK(FileSink::create(folder.file("a.mp3"), mono).error().code == ErrorCode::unsupported);
    }

    TEST_CASE("a sink that is given nothing leaves a file without frames")
    {
        const TemporaryFolder folder;
        const auto totals = create(folder.file("a.wav"))->close();
        REQUIRE(totals);
        CHECK(totals->frame_count == 0);
        CHECK(SoundFileReader::open(folder.file("a.wav")).error().code == ErrorCode::empty);
    }

    TEST_CASE("what was pushed is in the file, bit by bit")
    {
        const TemporaryFolder folder;
        const PlanarBuffer samples = make_sines(1, 10'000, 48'000);
        auto sink = create(folder.file("a.wav"));
        for (std::size_t done = 0; done < samples.frame_count(); done += 100) {
            const float* const channel = samples.readable()[0] + done;
            REQUIRE(sink->push({&channel, 1}, 100) == PushStatus::ok);
        }
        const auto totals = sink->close();
        REQUIRE(totals);
        CHECK(totals->frame_count == 10'000);
        CHECK(totals->lost_frame_count == 0);

        CHECK(same_bits(samples, read_file(folder.file("a.wav"))));
    }

    TEST_CASE("a stream faster than the disk loses nothing when it waits")
    {
        const TemporaryFolder folder;
        auto sink = create(folder.file("a.wav"), 256);
        PlanarBuffer block{1, 1'000};  // larger than the FIFO
        for (std::uint64_t first = 0; first < 50'000; first += 1'000) {
            fill_counting(block, first);
            REQUIRE(sink->push_waiting(block.readable(), 1'000) == PushStatus::ok);
        }
        const auto totals = sink->close();
        REQUIRE(totals);
        CHECK(totals->frame_count == 50'000);
        CHECK(totals->lost_frame_count == 0);
        const PlanarBuffer back = read_file(folder.file("a.wav"));
        std::uint64_t mismatches = 0;
        for (std::size_t frame = 0; frame < back.frame_count(); ++frame)
            mismatches += back.channel(0)[frame] != static_cast<float>(frame + 1) ? 1 : 0;
        CHECK(mismatches == 0);
    }

    TEST_CASE("blocks that find no room are counted, and silence keeps the place of the others")
    {
        const TemporaryFolder folder;
        auto sink = create(folder.file("a.wav"), 128);
        PlanarBuffer block{1, 64};
        std::uint64_t pushed = 0;
        std::uint64_t lost = 0;
        const auto push = [&] {
            fill_counting(block, pushed);
            pushed += 64;
            lost += sink->push(block.readable(), 64) == PushStatus::overflow ? 64 : 0;
        };
        for (int round = 0; round < 200; ++round)  // faster than the thread looks
            push();
        // Then a stream that can be followed, until a block finds room again.
        for (int round = 0; round < 100 && lost > 0; ++round) {
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
            push();
        }

        CHECK(lost > 0);
        CHECK(lost < pushed);
        CHECK(sink->lost_frame_count() == lost);
        const auto totals = sink->close();
        REQUIRE(totals);
        CHECK(totals->lost_frame_count == lost);
        CHECK(totals->frame_count == pushed);

        const PlanarBuffer back = read_file(folder.file("a.wav"));
        REQUIRE(back.frame_count() == pushed);
        std::uint64_t silent = 0;
        std::uint64_t misplaced = 0;
        for (std::size_t frame = 0; frame < back.frame_count(); ++frame) {
            const float sample = back.channel(0)[frame];
            silent += sample == 0.0F ? 1 : 0;
            misplaced += sample != 0.0F && sample != static_cast<float>(frame + 1) ? 1 : 0;
        }
        CHECK(silent == lost);
        CHECK(misplaced == 0);
    }

    TEST_CASE("a full disk is told to both threads, and never blocks the pushing one")
    {
        const TemporaryFolder folder;
        const FileSizeLimit limit{50'000};
        auto sink = create(folder.file("a.wav"), 4'096);
        PlanarBuffer block{1, 1'000};
        fill_counting(block, 0);
        PushStatus status = PushStatus::ok;
        for (int round = 0; round < 1'000 && status != PushStatus::failed; ++round)
            status = sink->push_waiting(block.readable(), 1'000);

        CHECK(status == PushStatus::failed);
        CHECK(sink->push(block.readable(), 1'000) == PushStatus::failed);
        const auto error = sink->error();
        REQUIRE(error);
        CHECK(error->code == ErrorCode::disk_full);
        CHECK(error->message.find("a.wav") != std::string::npos);
        const auto closed = sink->close();
        REQUIRE_FALSE(closed);
        CHECK(closed.error().code == ErrorCode::disk_full);
        CHECK(read_file(folder.file("a.wav")).frame_count() > 10'000);
    }

    TEST_CASE("a sink that is dropped has completed its file")
    {
        const TemporaryFolder folder;
        {
            auto sink = create(folder.file("a.wav"));
            PlanarBuffer block{1, 64};
            REQUIRE(sink->push(block.readable(), 64) == PushStatus::ok);
        }
        CHECK(read_file(folder.file("a.wav")).frame_count() == 64);
    }

    TEST_CASE("pushing does not allocate, with room or without [rt]")
    {
        const TemporaryFolder folder;
        auto sink = create(folder.file("a.wav"), 128);
        PlanarBuffer block{1, 64};

        const outboard::test::NoAllocScope scope;
        std::uint64_t lost = 0;
        for (int round = 0; round < 100; ++round)
            lost += sink->push(block.readable(), 64) == PushStatus::overflow ? 1 : 0;
        const std::uint64_t violations = scope.violations();

        CHECK(lost > 0);
        CHECK(violations == 0);
    }
}
