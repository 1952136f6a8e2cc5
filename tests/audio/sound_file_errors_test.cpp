// SPDX-License-Identifier: MIT
//
// Each way in which a file can be wrong: the code, and a message that names the file and a remedy.

#include "audio/sound_file.hpp"
#include "tests/audio/sound_file_fixture.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

namespace {

using namespace outboard::audio;
using namespace outboard::audio::test;

constexpr SoundFileSettings stereo{.sample_rate_hz = 48'000, .channel_count = 2};

Error error_of_reading(const std::filesystem::path& path)
{
    const auto reader = SoundFileReader::open(path);
    REQUIRE_FALSE(reader);
    CHECK(reader.error().message.find(path.string()) != std::string::npos);
    return reader.error();
}

Error error_of_creating(const std::filesystem::path& path,
                        const SoundFileSettings& settings = stereo)
{
    const auto writer = SoundFileWriter::create(path, settings);
    REQUIRE_FALSE(writer);
    CHECK(writer.error().message.find(path.string()) != std::string::npos);
    return writer.error();
}

bool contains(const Error& error, const char* text)
{
    return error.message.find(text) != std::string::npos;
}

void write_bytes(const std::filesystem::path& path, const std::string& bytes)
{
    std::ofstream{path, std::ios::binary} << bytes;
}

std::string little_endian(std::uint32_t value, int byte_count)
{
    std::string bytes;
    for (int byte = 0; byte < byte_count; ++byte)
        bytes.push_back(static_cast<char>(value >> (8 * byte) & 0xFFU));
    return bytes;
}

/// A 16 bit PCM WAV whose header says what it is told to, with `data` after it.
std::string make_wav(std::uint32_t channel_count, const std::string& data)
{
    return "RIFF" + little_endian(36 + static_cast<std::uint32_t>(data.size()), 4) + "WAVEfmt " +
           little_endian(16, 4) + little_endian(1, 2) + little_endian(channel_count, 2) +
           little_endian(48'000, 4) + little_endian(48'000 * 2 * channel_count, 4) +
           little_endian(2 * channel_count, 2) + little_endian(16, 2) + "data" +
           little_endian(static_cast<std::uint32_t>(data.size()), 4) + data;
}

/// Not root while it lives, for whom nothing is unreadable.
class OrdinaryUser {
public:
    OrdinaryUser() : user_(::geteuid())
    {
        if (user_ == 0)
            REQUIRE(::seteuid(65'534) == 0);
    }
    ~OrdinaryUser()
    {
        if (user_ == 0 && ::seteuid(0) != 0)
            std::abort();
    }
    OrdinaryUser(const OrdinaryUser&) = delete;
    OrdinaryUser(OrdinaryUser&&) = delete;
    OrdinaryUser& operator=(const OrdinaryUser&) = delete;
    OrdinaryUser& operator=(OrdinaryUser&&) = delete;

private:
    uid_t user_;
};

/// Writes until the disk is full. @return frames that the writer says it has written
std::uint64_t fill_disk(const std::filesystem::path& path)
{
    // Noise: what a lossless coder cannot make small.
    PlanarBuffer block{2, 1'000};
    std::uint32_t noise = 1;
    for (std::size_t channel = 0; channel < 2; ++channel) {
        for (float& sample : block.channel(channel)) {
            noise = noise * 1'664'525U + 1'013'904'223U;
            sample = static_cast<float>(noise >> 8U) / 16'777'216.0F - 0.5F;
        }
    }
    const FileSizeLimit limit{50'000};
    auto writer = SoundFileWriter::create(path, stereo);
    REQUIRE(writer);
    Result<void> status;
    for (int round = 0; round < 400 && status; ++round)
        status = writer->write(block.readable(), block.frame_count());
    if (status)
        status = writer->close();

    REQUIRE_FALSE(status);
    CHECK(status.error().code == ErrorCode::disk_full);
    CHECK(contains(status.error(), path.c_str()));
    CHECK(contains(status.error(), "Free some space"));
    CHECK(writer->write(block.readable(), 1).error().code == ErrorCode::disk_full);
    CHECK(writer->close().error().code == ErrorCode::disk_full);
    return writer->frame_count();
}

}  // namespace

TEST_SUITE("audio/sound_file_errors")
{
    TEST_CASE("a file that is not there")
    {
        const TemporaryFolder folder;
        const Error error = error_of_reading(folder.file("none.wav"));
        CHECK(error.code == ErrorCode::not_found);
        CHECK(contains(error, "Check its name"));
    }

    TEST_CASE("a folder instead of a file")
    {
        const TemporaryFolder folder;
        std::filesystem::create_directory(folder.file("folder.wav"));
        CHECK(error_of_reading(folder.file("folder.wav")).code == ErrorCode::unsupported);
        CHECK(contains(error_of_creating(folder.file("folder.wav")), "is a folder"));
    }

    TEST_CASE("a pipe is refused and not waited for")
    {
        const TemporaryFolder folder;
        REQUIRE(::mkfifo(folder.file("pipe.wav").c_str(), 0600) == 0);
        CHECK(contains(error_of_reading(folder.file("pipe.wav")), "a device or a pipe"));
    }

    TEST_CASE("a file that may not be read")
    {
        const TemporaryFolder folder;
        write_file(folder.file("secret.wav"), make_sines(1, 10, 8'000), 8'000);
        REQUIRE(::chmod(folder.file("secret.wav").c_str(), 0) == 0);
        REQUIRE(::chmod(folder.path().c_str(), 0755) == 0);
        const OrdinaryUser user;
        const Error error = error_of_reading(folder.file("secret.wav"));
        CHECK(error.code == ErrorCode::no_permission);
        CHECK(contains(error, "ls -l"));
    }

    TEST_CASE("a folder that may not be entered")
    {
        const TemporaryFolder folder;
        std::filesystem::create_directory(folder.file("private"));
        REQUIRE(::chmod(folder.file("private").c_str(), 0) == 0);
        {
            const OrdinaryUser user;
            CHECK(error_of_reading(folder.file("private/a.wav")).code == ErrorCode::no_permission);
            CHECK(error_of_creating(folder.file("private/a.wav")).code == ErrorCode::no_permission);
        }
        REQUIRE(::chmod(folder.file("private").c_str(), 0700) == 0);
    }

    TEST_CASE("a folder that may not be written")
    {
        const TemporaryFolder folder;
        REQUIRE(::chmod(folder.path().c_str(), 0555) == 0);
        {
            const OrdinaryUser user;
            const Error error = error_of_creating(folder.file("a.wav"));
            CHECK(error.code == ErrorCode::no_permission);
            CHECK(contains(error, "chmod"));
        }
        REQUIRE(::chmod(folder.path().c_str(), 0700) == 0);
    }

    TEST_CASE("a file of 0 bytes")
    {
        const TemporaryFolder folder;
        write_bytes(folder.file("empty.wav"), "");
        CHECK(error_of_reading(folder.file("empty.wav")).code == ErrorCode::empty);
    }

    TEST_CASE("something else than sound, whatever its name")
    {
        const TemporaryFolder folder;
        write_bytes(folder.file("text.wav"), std::string(1'000, 'x'));
        const Error error = error_of_reading(folder.file("text.wav"));
        CHECK(error.code == ErrorCode::not_a_sound_file);
        CHECK(contains(error, "ffmpeg"));
    }

    TEST_CASE("a sound file without frames")
    {
        const TemporaryFolder folder;
        write_bytes(folder.file("silent.wav"), make_wav(1, ""));
        const Error error = error_of_reading(folder.file("silent.wav"));
        CHECK(error.code == ErrorCode::empty);
        CHECK(contains(error, "0 frames"));
    }

    TEST_CASE("a sound file without channels")
    {
        const TemporaryFolder folder;
        write_bytes(folder.file("none.wav"), make_wav(0, std::string(100, '\1')));
        const Error error = error_of_reading(folder.file("none.wav"));
        CAPTURE(error.message);
        CHECK(error.code == ErrorCode::not_a_sound_file);
        CHECK(contains(error, "Channel count is zero"));
    }

    TEST_CASE("a header that is cut off")
    {
        const TemporaryFolder folder;
        write_bytes(folder.file("cut.wav"), make_wav(1, "").substr(0, 20));
        CHECK(error_of_reading(folder.file("cut.wav")).code == ErrorCode::not_a_sound_file);
    }

    TEST_CASE("a file that ends before its header says is read as far as it goes")
    {
        const TemporaryFolder folder;
        const std::string whole = make_wav(1, std::string(2'000, '\1'));
        write_bytes(folder.file("short.wav"), whole.substr(0, whole.size() - 1'000));
        CHECK(read_file(folder.file("short.wav")).frame_count() == 500);
    }

    TEST_CASE("a name without an extension that we write")
    {
        const TemporaryFolder folder;
        for (const char* const name : {"a", "a.mp3", "a.wav.txt"}) {
            const Error error = error_of_creating(folder.file(name));
            CHECK(error.code == ErrorCode::unsupported);
            CHECK(contains(error, ".wav, .w64, .aif, .aiff, .flac, .ogg"));
        }
    }

    TEST_CASE("settings that the format cannot hold")
    {
        const TemporaryFolder folder;
        const auto code = [&](const char* name, const SoundFileSettings& settings) {
            const Error error = error_of_creating(folder.file(name), settings);
            CHECK_FALSE(std::filesystem::exists(folder.file(name)));
            return error.code;
        };
        CHECK(code("a.wav", {0, 2}) == ErrorCode::invalid_argument);
        CHECK(code("a.wav", {48'000, 0}) == ErrorCode::invalid_argument);
        CHECK(code("a.wav", {48'000, 1'025}) == ErrorCode::unsupported);
        CHECK(code("a.flac", {48'000, 9}) == ErrorCode::unsupported);
        CHECK(code("a.flac", {48'000, 2, SampleFormat::float32}) == ErrorCode::unsupported);
        CHECK(code("a.ogg", {48'000, 2, SampleFormat::pcm16}) == ErrorCode::unsupported);
        CHECK(code("a.ogg", {200'001, 2}) == ErrorCode::unsupported);
        CHECK(code("a.flac", {655'351, 2}) == ErrorCode::unsupported);
        CHECK(code("a.wav", {4'000'000'000U, 2}) == ErrorCode::unsupported);
    }

    TEST_CASE("a folder that is not there is named with the remedy")
    {
        const TemporaryFolder folder;
        const Error error = error_of_creating(folder.file("none/a.wav"));
        CHECK(error.code == ErrorCode::not_found);
        CHECK(contains(error, "Create it first"));
    }

    TEST_CASE("a full disk ends the file, and what was written remains")
    {
        const TemporaryFolder folder;
        for (const std::string name : {"a.wav", "a.w64", "a.aiff", "a.flac", "a.ogg"}) {
            CAPTURE(name);
            const std::uint64_t written = fill_disk(folder.file(name));
            const std::size_t frame_count = read_file(folder.file(name)).frame_count();
            CHECK(frame_count > 1'000);
            CHECK(frame_count <= written);
        }
    }

    TEST_CASE("a device that is always full")
    {
        const TemporaryFolder folder;
        // Without Ogg: libsndfile 1.2 leaks its encoder when it cannot write the first header.
        for (const std::string name : {"a.wav", "a.flac"}) {
            CAPTURE(name);
            std::filesystem::create_symlink("/dev/full", folder.file(name));
            const PlanarBuffer samples = make_sines(2, 100'000, 48'000);
            auto writer = SoundFileWriter::create(folder.file(name), stereo);
            Result<void> status;
            if (!writer) {
                status = tl::unexpected(writer.error());
            } else {
                status = writer->write(samples.readable(), samples.frame_count());
                if (status)
                    status = writer->close();
            }
            REQUIRE_FALSE(status);
            CHECK(status.error().code == ErrorCode::disk_full);
        }
    }

    TEST_CASE("a WAV file ends at 4 GiB, a Wave64 file does not")
    {
        const auto wav = writable_format("a.wav", stereo);
        const auto w64 = writable_format("a.w64", stereo);
        REQUIRE(wav);
        REQUIRE(w64);
        CHECK(wav->frame_count_max == (0xFFFF'FFFFU - 0x10000U) / 8);
        CHECK(w64->frame_count_max > (std::uint64_t{1} << 60U));
    }
}
