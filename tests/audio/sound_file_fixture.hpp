// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// What the tests of sound files share: a folder that is gone afterwards, signals, whole files.

#include "audio/planar_buffer.hpp"
#include "audio/sound_file.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <numbers>
#include <string>

namespace outboard::audio::test {

/// An empty folder of the test's own.
class TemporaryFolder {
public:
    TemporaryFolder()
    {
        std::string name =
            (std::filesystem::temp_directory_path() / "outboard-test-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    ~TemporaryFolder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder(TemporaryFolder&&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(TemporaryFolder&&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    [[nodiscard]] std::filesystem::path file(const std::string& name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

/// While it lives no file of this process grows beyond `size_bytes`: a full disk that needs no
/// mount, and strikes root too.
class FileSizeLimit {
public:
    explicit FileSizeLimit(rlim_t size_bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN))
    {
        REQUIRE(::getrlimit(RLIMIT_FSIZE, &before_) == 0);
        const rlimit limit{size_bytes, before_.rlim_max};
        REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
    }
    ~FileSizeLimit()
    {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        static_cast<void>(std::signal(SIGXFSZ, handler_));
    }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit(FileSizeLimit&&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(FileSizeLimit&&) = delete;

private:
    using Handler = void (*)(int);

    Handler handler_;
    rlimit before_{};
};

/// A sine of another frequency and phase on each channel, at -6 dBFS.
inline PlanarBuffer make_sines(std::uint32_t channel_count, std::size_t frame_count,
                               std::uint32_t sample_rate_hz)
{
    PlanarBuffer buffer{channel_count, frame_count};
    for (std::uint32_t channel = 0; channel < channel_count; ++channel) {
        const double step = 2.0 * std::numbers::pi * (441.0 + 50.0 * channel) / sample_rate_hz;
        for (std::size_t frame = 0; frame < frame_count; ++frame) {
            buffer.channel(channel)[frame] =
                static_cast<float>(0.5 * std::sin(step * static_cast<double>(frame) + channel));
        }
    }
    return buffer;
}

inline bool same_bits(const PlanarBuffer& a, const PlanarBuffer& b)
{
    if (a.readable().size() != b.readable().size() || a.frame_count() != b.frame_count())
        return false;
    for (std::size_t channel = 0; channel < a.readable().size(); ++channel) {
        if (std::memcmp(a.readable()[channel], b.readable()[channel],
                        a.frame_count() * sizeof(float)) != 0)
            return false;
    }
    return true;
}

inline void write_file(const std::filesystem::path& path, const PlanarBuffer& samples,
                       std::uint32_t sample_rate_hz, SampleFormat format = SampleFormat::automatic)
{
    auto writer = SoundFileWriter::create(
        path, {.sample_rate_hz = sample_rate_hz,
               .channel_count = static_cast<std::uint32_t>(samples.readable().size()),
               .sample_format = format});
    REQUIRE_MESSAGE(writer, (writer ? "" : writer.error().message));
    REQUIRE(writer->write(samples.readable(), samples.frame_count()));
    REQUIRE(writer->close());
}

/// All frames that can be read, which may be fewer than the header says.
inline PlanarBuffer read_file(const std::filesystem::path& path)
{
    auto reader = SoundFileReader::open(path);
    REQUIRE_MESSAGE(reader, (reader ? "" : reader.error().message));
    PlanarBuffer samples{reader->info().channel_count,
                         static_cast<std::size_t>(reader->info().frame_count)};
    const auto got = reader->read(samples.writable(), samples.frame_count());
    REQUIRE(got);
    CHECK(*got == samples.frame_count());
    return samples;
}

}  // namespace outboard::audio::test
