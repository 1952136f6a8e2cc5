// SPDX-License-Identifier: MIT
#include "audio/sound_format.hpp"

#include <sndfile.h>
#include <algorithm>
#include <array>
#include <cctype>
#include <limits>
#include <string_view>

namespace outboard::audio {

namespace {

struct Row {
    std::string_view extension;
    std::string_view name;
    int container;
    SampleFormat default_samples;
    std::uint32_t channel_count_max;
    std::uint32_t sample_rate_hz_max;
    bool size_is_32_bit;
};

/// libsndfile counts in int.
constexpr std::uint32_t any_rate = std::numeric_limits<int>::max();

constexpr std::array rows{
    Row{".wav", "WAV", SF_FORMAT_WAV, SampleFormat::float32, 1'024, any_rate, true},
    Row{".w64", "Wave64", SF_FORMAT_W64, SampleFormat::float32, 1'024, any_rate, false},
    Row{".aif", "AIFF", SF_FORMAT_AIFF, SampleFormat::pcm24, 1'024, any_rate, true},
    Row{".aiff", "AIFF", SF_FORMAT_AIFF, SampleFormat::pcm24, 1'024, any_rate, true},
    Row{".flac", "FLAC", SF_FORMAT_FLAC, SampleFormat::pcm24, 8, 655'350, false},
    Row{".ogg", "Ogg Vorbis", SF_FORMAT_OGG, SampleFormat::automatic, 255, 200'000, false},
    Row{".oga", "Ogg Vorbis", SF_FORMAT_OGG, SampleFormat::automatic, 255, 200'000, false},
};

struct Samples {
    std::string_view name;
    int subtype;
    std::uint64_t size_bytes;
};

Samples describe(SampleFormat format)
{
    switch (format) {
        case SampleFormat::pcm16: return {"16 bit integers", SF_FORMAT_PCM_16, 2};
        case SampleFormat::pcm24: return {"24 bit integers", SF_FORMAT_PCM_24, 3};
        case SampleFormat::pcm32: return {"32 bit integers", SF_FORMAT_PCM_32, 4};
        case SampleFormat::float32: return {"32 bit floats", SF_FORMAT_FLOAT, 4};
        case SampleFormat::automatic: break;
    }
    return {"compressed samples", SF_FORMAT_VORBIS, 1};
}

Result<Row> row_of(const std::filesystem::path& path)
{
    std::string extension = path.extension().string();
    std::transform(extension.begin(), extension.end(), extension.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    for (const Row& row : rows) {
        if (row.extension == extension)
            return row;
    }
    return fail(ErrorCode::unsupported,
                "Cannot tell from the name '" + path.string() +
                    "' which kind of sound file to write. End it in .wav, .w64, .aif, .aiff, "
                    ".flac, .ogg or .oga.");
}

Result<void> check(const Row& row, const std::filesystem::path& path,
                   const SoundFileSettings& settings)
{
    const std::string cannot = "Cannot write '" + path.string() + "': ";
    if (settings.sample_rate_hz == 0) {
        return fail(ErrorCode::invalid_argument,
                    cannot + "a sample rate of 0 Hz is asked for; 48000 is usual.");
    }
    if (settings.sample_rate_hz > row.sample_rate_hz_max) {
        return fail(ErrorCode::unsupported,
                    cannot + std::string{row.name} + " ends at " +
                        std::to_string(row.sample_rate_hz_max) + " Hz, and " +
                        std::to_string(settings.sample_rate_hz) +
                        " Hz are asked for. Use less, or a name ending in .wav.");
    }
    if (settings.channel_count == 0) {
        return fail(ErrorCode::invalid_argument,
                    cannot + "0 channels are asked for; use at least 1.");
    }
    if (settings.channel_count > row.channel_count_max) {
        return fail(ErrorCode::unsupported, cannot + std::string{row.name} + " holds at most " +
                                                std::to_string(row.channel_count_max) +
                                                " channels, not " +
                                                std::to_string(settings.channel_count) +
                                                ". Use fewer, or a name ending in .wav.");
    }
    return {};
}

}  // namespace

Result<WritableFormat> writable_format(const std::filesystem::path& path,
                                       const SoundFileSettings& settings)
{
    const auto row = row_of(path);
    if (!row)
        return tl::unexpected(row.error());
    if (const auto valid = check(*row, path, settings); !valid)
        return tl::unexpected(valid.error());

    const SampleFormat format = settings.sample_format == SampleFormat::automatic
                                    ? row->default_samples
                                    : settings.sample_format;
    const Samples samples = describe(format);
    SF_INFO info{};
    info.samplerate = static_cast<int>(settings.sample_rate_hz);
    info.channels = static_cast<int>(settings.channel_count);
    info.format = row->container | samples.subtype;
    if (sf_format_check(&info) == SF_FALSE) {
        return fail(ErrorCode::unsupported,
                    "Cannot write '" + path.string() + "': " + std::string{row->name} +
                        " cannot hold " + std::string{samples.name} + " at " +
                        std::to_string(settings.sample_rate_hz) +
                        " Hz. Leave the choice of samples to the format, or use a name ending in "
                        ".wav.");
    }

    constexpr std::uint64_t data_bytes_max = 0xFFFF'FFFFU - 0x10000U;  // room for the headers
    const std::uint64_t frame_bytes = samples.size_bytes * settings.channel_count;
    return WritableFormat{.sndfile_format = info.format,
                          .keeps_non_finite = format == SampleFormat::float32,
                          .frame_count_max = row->size_is_32_bit
                                                 ? data_bytes_max / frame_bytes
                                                 : std::numeric_limits<std::uint64_t>::max()};
}

}  // namespace outboard::audio
