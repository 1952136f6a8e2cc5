// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Which sound files are written, by the extension of their name:
///
///     extension     format                   samples: default (others)  channels  size
///     .wav          WAV                      float32 (pcm16, 24, 32)    1,024     < 4 GiB
///     .w64          Wave64                   float32 (pcm16, 24, 32)    1,024     no limit
///     .aif, .aiff   AIFF, AIFC for float32   pcm24 (pcm16, 32, float32) 1,024     < 4 GiB
///     .flac         FLAC, lossless           pcm24 (pcm16)              8         no limit
///     .ogg, .oga    Ogg Vorbis, lossy        its own                    255       no limit
///
/// Reading goes by content and not by name, and takes all that libsndfile knows.

#include "audio/result.hpp"

#include <cstdint>
#include <filesystem>

namespace outboard::audio {

/// Integer samples are clipped at full scale; what is not finite becomes silence in them. float32
/// keeps every bit.
enum class SampleFormat : std::uint8_t { automatic, pcm16, pcm24, pcm32, float32 };

struct SoundFileSettings {
    std::uint32_t sample_rate_hz = 0;
    std::uint32_t channel_count = 0;
    SampleFormat sample_format = SampleFormat::automatic;
};

/// A row of the table for one file, in libsndfile's terms.
struct WritableFormat {
    int sndfile_format = 0;
    bool keeps_non_finite = false;
    std::uint64_t frame_count_max = 0;
};

/// @return unsupported or invalid_argument, with a message that says what the format could do
[[nodiscard]] Result<WritableFormat> writable_format(const std::filesystem::path& path,
                                                     const SoundFileSettings& settings);

}  // namespace outboard::audio
